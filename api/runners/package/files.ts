import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { packageManifest, packageName } from "./manifest.ts";
import { noticesOf } from "./notices.ts";
import { type PackageFile, packageFile } from "./package-file.ts";
import { pageFiles } from "./page-files.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");

/**
 * What an installed runner consists of, besides what npm fetches for it. All paths in it are relative to the project, so
 * that it is the same wherever it is built. @throws when esbuild cannot bundle it
 */
export function packageFiles(): PackageFile[] {
  const { outputFiles, metafile } = buildSync({
    entryPoints: { runner: "runner/installed/main.ts" },
    absWorkingDir: root,
    preserveSymlinks: true,
    bundle: true,
    // What is loaded on demand stays so, in files beside the first.
    splitting: true,
    chunkNames: "[name]-[hash]",
    outdir: ".",
    metafile: true,
    platform: "node",
    format: "esm",
    target: "node26",
    external: ["isolated-vm"],
    // Names stay, so that a stack in an owner's log says something.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    // What was CommonJS asks for Node's modules by `require`, and for its own place.
    banner: {
      js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url),__filename=import.meta.filename,__dirname=import.meta.dirname;',
    },
    write: false,
    logLevel: "silent",
  });
  const executor = execFileSync(process.execPath, [join(root, "sandbox/build-child.ts")], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const programs = outputFiles
    .map(({ path, contents }) => packageFile(basename(path), contents))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return [
    packageFile("package.json", `${JSON.stringify(packageManifest(), null, 2)}\n`),
    packageFile(`bin/${packageName}.js`, read("runner/installed/bin.js"), true),
    ...programs,
    packageFile("executor.cjs", executor),
    ...pageFiles(),
    packageFile("README.md", read("runner/installed/README.md")),
    packageFile("LICENSE", read("LICENSE")),
    packageFile("THIRD-PARTY.txt", noticesOf(Object.keys(metafile.inputs), root)),
  ];
}
