import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

/** A program of its own: writes the text of `executor.cjs` to its output, and takes esbuild with it when it ends. */
const { outputFiles } = buildSync({
  entryPoints: [fileURLToPath(new URL("./child/main.ts", import.meta.url))],
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node26",
  minifySyntax: true,
  minifyWhitespace: true,
  write: false,
  logLevel: "silent",
});
process.stdout.write(outputFiles[0]!.text);
