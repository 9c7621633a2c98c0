import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import ts from "typescript";
import type { Plugin } from "vite";

const root = path.resolve(import.meta.dirname, "../..");
const libs = path.dirname(createRequire(import.meta.url).resolve("typescript"));
const moduleId = "virtual:sandbox-types";

/** What TypeScript knows in the editor's worker, by the path that it has there. */
export interface SandboxTypes {
  files: Record<string, string>;
  /** Where they were read. */
  sources: string[];
}

/**
 * The language without a browser or Node, under "/", as `lib.es2025.d.ts` lists it; and the SDK's own modules with what they
 * import, under "/sparegrid". Both as they are on this disk: nothing is a copy that could fall behind.
 */
export function readSandboxTypes(): SandboxTypes {
  const files: Record<string, string> = {};
  const sources: string[] = [];
  const read = (at: string, from: string) => {
    if (at in files) return undefined;
    const text = readFileSync(from, "utf8");
    files[at] = text;
    sources.push(from);
    return ts.preProcessFile(text, true, true);
  };
  const lib = (name: string): void => {
    const found = read(`/${name}`, path.join(libs, name));
    for (const { fileName } of found?.libReferenceDirectives ?? []) lib(`lib.${fileName}.d.ts`);
  };
  const module = (name: string): void => {
    const found = read(`/sparegrid/${name}`, path.join(root, name));
    for (const { fileName } of found?.importedFiles ?? [])
      module(path.posix.join(path.posix.dirname(name), fileName));
  };
  lib("lib.es2025.d.ts");
  module("functions/sdk/index.ts");
  module("functions/sdk/console.ts");
  return { files, sources };
}

/** Gives the worker these files as a module. */
export function sandboxTypes(): Plugin {
  return {
    name: "sandbox-types",
    resolveId: (id) => (id === moduleId ? `\0${moduleId}` : undefined),
    load(id) {
      if (id !== `\0${moduleId}`) return undefined;
      const { files, sources } = readSandboxTypes();
      for (const source of sources) this.addWatchFile(source);
      return `export default ${JSON.stringify(files)};`;
    },
  };
}
