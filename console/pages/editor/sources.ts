import type { SourcePosition } from "../../../protocol/errors.ts";
import type { FunctionDetail } from "../../../protocol/http-functions.ts";
import type { Files } from "./drafts.ts";

/** How the source is called until it has a name. */
export const newEntry = "main.ts";

/** The name that the server gives a function's own source: errors name it so. Pure. */
export const entryOf = (name: string): string => `${name.slice(name.indexOf("/") + 1)}.ts`;

/** A version's sources as the editor has them, the entry first. Pure. */
export function filesOf(fn: Pick<FunctionDetail, "name" | "source" | "files">): Files {
  return { [entryOf(fn.name)]: fn.source, ...fn.files };
}

/** The other way: what is published and tried. Pure. */
export function sourceOf(entry: string, files: Files): { source: string; files?: Files } {
  const { [entry]: source = "", ...others } = files;
  return Object.keys(others).length === 0 ? { source } : { source, files: others };
}

/** The file that an error names: the entry, when it is not one of the others. Pure. */
export function placeIn(files: Files, entry: string, at: SourcePosition): SourcePosition {
  return at.file in files ? at : { ...at, file: entry };
}

/** What is wrong with the path of a further file, if anything; as the server would say it. Pure. */
export function pathFault(path: string, files: Files): string | undefined {
  if (path in files) return "There is a file of this name.";
  if (!/\.(?:[cm]?[jt]s|json)$/.test(path)) return "Its name ends with .ts, .js or .json.";
  const isPlain = /^[\w@.+-][\w@.+ /-]*$/.test(path) && path.length <= 200;
  const parts = path.split("/");
  if (!isPlain || parts.some((part) => part === "" || part === "." || part === ".."))
    return "Name it like lib/distance.ts.";
  return undefined;
}

/** The same files with the entry under the name that it will have: to compare with what was published. Pure. */
export function named(files: Files, entry: string, name: string): Files {
  const { [entry]: source = "", ...others } = files;
  return { [entryOf(name)]: source, ...others };
}

/** The files in which two sets differ, those of `after` first. Pure. */
export function changedPaths(before: Files, after: Files): string[] {
  const paths = new Set([...Object.keys(after), ...Object.keys(before)]);
  return [...paths].filter((path) => before[path] !== after[path]);
}
