import { posix } from "node:path";
import { GridError } from "../../protocol/errors.ts";
import { sourceBytesMax } from "../../protocol/limits.ts";
import type { PublishRequest } from "../ports.ts";

export const filesMax = 1000;
const pathCharsMax = 200;
const entryExtension = /\.[cm]?[jt]s$/;

/** An author's files by path; the entry is one of them. */
export interface AuthorFiles {
  entry: string;
  byPath: ReadonlyMap<string, string>;
}

/** @throws GridError bad-request for a path that is not plainly relative, source-too-large */
export function readFiles({ name, source, files = {} }: PublishRequest): AuthorFiles {
  const base = name.replace(/[^\w.-]+/g, "-");
  const entry = entryExtension.test(base) ? base : `${base}.ts`;
  const byPath = new Map([[entry, source]]);
  const paths = Object.keys(files);
  if (paths.length > filesMax)
    throw new GridError("source-too-large", `a function may have ${filesMax} files`, {
      limit: filesMax,
    });
  for (const path of paths) {
    if (!isPlainPath(path))
      throw new GridError("bad-request", `"${path}" is not a plain relative path`, {
        hint: 'name files like "lib/distance.ts"; no "..", no leading "/"',
      });
    if (byPath.has(path) && files[path] !== source)
      throw new GridError("bad-request", `"${path}" is the name of the function's own source`);
    byPath.set(path, files[path]!);
  }
  let bytes = 0;
  for (const text of byPath.values()) bytes += Buffer.byteLength(text);
  if (bytes > sourceBytesMax)
    throw new GridError(
      "source-too-large",
      `the sources have ${bytes} bytes; at most ${sourceBytesMax} are allowed`,
      {
        limit: sourceBytesMax,
        hint: "put tables and models into a dataset, and declare it in uses",
      },
    );
  return { entry, byPath };
}

function isPlainPath(path: string): boolean {
  return (
    path.length <= pathCharsMax &&
    /^[\w@.+-][\w@.+ /-]*$/.test(path) &&
    posix.normalize(path) === path &&
    !path.startsWith("../") &&
    path !== ".." &&
    path !== "." &&
    !path.endsWith("/")
  );
}

/** The file that `specifier` means, seen from `importer`; undefined when there is none. */
export function resolveRelative(
  { byPath }: AuthorFiles,
  importer: string,
  specifier: string,
): string | undefined {
  const path = posix.join(posix.dirname(importer), specifier);
  if (path.startsWith("..")) return undefined;
  const candidates = [path, `${path}.ts`, `${path}.js`, `${path}.json`, `${path}/index.ts`];
  // TypeScript lets "./a.js" name a.ts.
  if (/\.[cm]?js$/.test(path)) candidates.push(path.replace(/js$/, "ts"));
  return candidates.find((candidate) => byPath.has(candidate));
}
