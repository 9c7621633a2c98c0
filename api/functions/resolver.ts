import { isBuiltin } from "node:module";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Loader, OnResolveArgs, OnResolveResult, Plugin } from "esbuild";
import type { ErrorCode } from "../../protocol/errors.ts";
import { type AuthorFiles, resolveRelative } from "./files.ts";

export const authorNamespace = "author";
const sdkPath = fileURLToPath(new URL("../../functions/sdk/index.ts", import.meta.url));

/** Rides in an esbuild message's `detail`. */
export interface ImportRefusal {
  code: ErrorCode;
  hint: string;
}

const loaders: Record<string, Loader> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
  ".json": "json",
};

/** Resolves to the author's own files and the SDK, and to nothing else: the disk and the network are never looked at. */
export function lockedResolver(files: AuthorFiles): Plugin {
  return {
    name: "locked",
    setup(build) {
      build.onResolve({ filter: /.*/ }, (args) => {
        if (args.kind === "entry-point") return { path: files.entry, namespace: authorNamespace };
        // Within the SDK, esbuild resolves by itself.
        if (args.namespace !== authorNamespace) return undefined;
        return resolveImport(files, args);
      });
      build.onLoad({ filter: /.*/, namespace: authorNamespace }, ({ path }) => {
        const loader = loaders[extname(path)];
        if (!loader) {
          const detail: ImportRefusal = {
            code: "forbidden-import",
            hint: `files may be ${Object.keys(loaders).join(", ")}`,
          };
          return { errors: [{ text: `"${path}" is not a script`, detail }] };
        }
        return { contents: files.byPath.get(path) ?? "", loader };
      });
    },
  };
}

function resolveImport(files: AuthorFiles, args: OnResolveArgs): OnResolveResult {
  const { path, importer, kind } = args;
  if (kind === "dynamic-import")
    return refuse(
      "import() cannot be used in a function",
      "import what you need at the top of the file; everything is bundled when you publish",
      "forbidden-syntax",
    );
  if (path === "sparegrid") return { path: sdkPath };
  if (path === "." || path === ".." || path.startsWith("./") || path.startsWith("../")) {
    const found = resolveRelative(files, importer, path);
    if (found) return { path: found, namespace: authorNamespace };
    return refuse(`"${path}" is not among the published files`, "publish it along with the source");
  }
  const npm = `node_modules/${path}.js`;
  if (files.byPath.has(npm)) return { path: npm, namespace: authorNamespace };
  return refuse(`"${path}" cannot be imported by a function`, hintFor(path));
}

function hintFor(path: string): string {
  if (path === "sparegrid/testing") return "only tests import it; a function needs nothing of it";
  if (path.startsWith("sparegrid/")) return 'a function imports "sparegrid" alone';
  if (isBuiltin(path))
    return "there is no I/O in the sandbox: a function reads its records, params and uses";
  if (/^[a-z][a-z0-9+.-]*:/i.test(path)) return "there is no network: publish the file along";
  if (path.startsWith("/") || path.includes("\\"))
    return 'name your own files relatively: "./distance.ts"';
  return "npm code comes along when you publish from a project with the sparegrid command";
}

function refuse(text: string, hint: string, code: ErrorCode = "forbidden-import"): OnResolveResult {
  const detail: ImportRefusal = { code, hint };
  return { errors: [{ text, detail }] };
}
