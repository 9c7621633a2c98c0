import { fileURLToPath } from "node:url";
import {
  type BuildFailure,
  type BuildOptions,
  build,
  type Message,
  type OutputFile,
} from "esbuild";
import { type ErrorDetails, GridError } from "../../protocol/errors.ts";
import { bundleBytesMax } from "../../protocol/limits.ts";
import type { AuthorFiles } from "./files.ts";
import { authorNamespace, type ImportRefusal, lockedResolver } from "./resolver.ts";

/** One module without imports, and its map (JSON text) to the sources. */
export interface Bundled {
  code: string;
  map: string;
}

/** Where esbuild counts paths from: bundles are the same wherever a process was started. */
const root = fileURLToPath(new URL("../../", import.meta.url));

const options = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  outfile: "function.js",
  // An ES module, not esbuild's own closure: what it exports can be seen, and so can await and import.meta.
  format: "esm",
  platform: "neutral",
  target: "esnext",
  // Not in V8, or not in the parser that meters.
  supported: { decorators: false, using: false },
  charset: "utf8",
  treeShaking: true,
  sourcemap: "external",
  sourcesContent: true,
  legalComments: "none",
  keepNames: false,
  logLevel: "silent",
  tsconfigRaw: "{}",
} as const satisfies BuildOptions;

/** @throws GridError syntax-error, forbidden-import, forbidden-syntax, with details.at; source-too-large */
export async function bundleAuthor(files: AuthorFiles): Promise<Bundled> {
  const bundled = await run({ entryPoints: [files.entry], plugins: [lockedResolver(files)] });
  const bytes = Buffer.byteLength(bundled.code);
  if (bytes > bundleBytesMax)
    throw new GridError("source-too-large", `the bundle has ${bytes} bytes`, {
      limit: bundleBytesMax,
    });
  return bundled;
}

/** A trusted entry of ours, by absolute path. */
export async function bundleOwn(path: string): Promise<string> {
  return (await run({ entryPoints: [path] })).code;
}

async function run(extra: BuildOptions): Promise<Bundled> {
  let files: readonly OutputFile[];
  try {
    files = (await build({ ...options, ...extra })).outputFiles ?? [];
  } catch (error) {
    const [first] = (error as Partial<BuildFailure>).errors ?? [];
    if (!first) throw error;
    throw refusalOf(first, error);
  }
  const map = files.find(({ path }) => path.endsWith(".map"));
  const code = files.find(({ path }) => path.endsWith(".js"));
  if (!map || !code) throw new GridError("internal", "esbuild gave no bundle");
  return { code: code.text, map: map.text };
}

function refusalOf(message: Message, cause: unknown): GridError {
  const details: ErrorDetails = {};
  if (message.location) {
    const { file, line, column, lineText } = message.location;
    // esbuild counts bytes.
    const before = Buffer.from(lineText).subarray(0, column).toString();
    details.at = { file: authorPath(file), line, column: before.length + 1 };
  }
  const refusal = message.detail as Partial<ImportRefusal> | undefined;
  if (refusal?.code) {
    if (refusal.hint) details.hint = refusal.hint;
    return new GridError(refusal.code, message.text, details, { cause });
  }
  if (message.text.startsWith("No matching export"))
    return new GridError("forbidden-import", message.text.replaceAll(`${authorNamespace}:`, ""), {
      ...details,
      hint: "check the name of what you import",
    });
  if (message.text.startsWith("With statements"))
    return new GridError("forbidden-syntax", "with cannot be used in a function", details, {
      cause,
    });
  return new GridError("syntax-error", message.text, details, { cause });
}

/** The author's name of a source in esbuild's terms. */
export function authorPath(source: string): string {
  return source.startsWith(`${authorNamespace}:`)
    ? source.slice(authorNamespace.length + 1)
    : source;
}

export function isAuthorSource(source: string): boolean {
  return source.startsWith(`${authorNamespace}:`);
}
