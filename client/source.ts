import { readFile } from "node:fs/promises";
import { basename, dirname, extname, relative, resolve, sep } from "node:path";
import type { Metafile } from "esbuild";
import { GridError } from "../protocol/errors.ts";
import { bundlePackage } from "./npm-package.ts";
import { importsOf, type PackageUse } from "./source-imports.ts";

export interface CollectedSource {
  source: string;
  /** The author's further files by path relative to the entry; npm packages as "node_modules/NAME.js". */
  files?: Record<string, string>;
}

/** "functions/wordCount.ts" publishes as "word-count" unless the author says otherwise. Pure. */
export function nameOfFile(path: string): string {
  return basename(path, extname(path))
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "");
}

/**
 * Reads a function's file and everything it imports: relative files as they are, npm packages bundled one file each
 * with only the names that are used. Types are erased first, so that a type-only import brings nothing along.
 * @throws GridError syntax-error, forbidden-import (details.at), bad-request when the file cannot be read
 */
export async function collectSource(path: string): Promise<CollectedSource> {
  const entry = resolve(path);
  const root = dirname(entry);
  const source = await readSource(entry, path);
  const metafile = await importGraph(entry, root);
  const files: Record<string, string> = {};
  const packages = new Map<string, PackageUse>();
  for (const input of Object.keys(metafile.inputs)) {
    const absolute = resolve(root, input);
    const name = relative(root, absolute).split(sep).join("/");
    if (name.startsWith("../")) throw outside(name);
    const text = absolute === entry ? source : await readSource(absolute, name);
    if (absolute !== entry) files[name] = text;
    if (extname(name) !== ".json") await importsOf(name, text, packages);
  }
  for (const use of packages.values()) {
    const bundled = await bundlePackage(use, root);
    if (bundled !== undefined) files[`node_modules/${use.name}.js`] = bundled;
  }
  return Object.keys(files).length === 0 ? { source } : { source, files };
}

/** The author's own files, as esbuild resolves them. Bare names stay outside. */
async function importGraph(entry: string, root: string): Promise<Metafile> {
  const esbuild = await import("esbuild");
  try {
    const built = await esbuild.build({
      entryPoints: [entry],
      absWorkingDir: root,
      bundle: true,
      write: false,
      metafile: true,
      format: "esm",
      platform: "neutral",
      packages: "external",
      logLevel: "silent",
    });
    return built.metafile;
  } catch (error) {
    throw sourceError(error, basename(entry));
  }
}

function sourceError(error: unknown, entry: string): unknown {
  const first = (error as { errors?: BuildMessage[] }).errors?.[0];
  if (first === undefined) return error;
  const unresolved = /^Could not resolve "(.*)"/.exec(first.text);
  const at = first.location
    ? { file: first.location.file, line: first.location.line, column: first.location.column + 1 }
    : { file: entry, line: 1, column: 1 };
  if (unresolved === null) return new GridError("syntax-error", first.text, { at });
  return new GridError("forbidden-import", `cannot find "${unresolved[1]}"`, {
    at,
    hint: "relative imports name a file, such as ./lib/distance.ts",
  });
}

interface BuildMessage {
  text: string;
  location: { file: string; line: number; column: number } | null;
}

function outside(name: string): GridError {
  return new GridError("forbidden-import", `${name} lies outside the function's folder`, {
    hint: "move it next to the function or below it; only that folder is published",
  });
}

async function readSource(path: string, shown: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "no such file" : String(cause);
    throw new GridError("bad-request", `${shown}: ${why}`, {}, { cause });
  }
}
