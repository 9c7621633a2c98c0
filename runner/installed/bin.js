#!/usr/bin/env node
// Runs the runner on the Node that came with it: its V8 is what results depend on, whatever Node the machine has.
// Plain JavaScript without new syntax, because an old Node must be able to read it.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../runner.js", import.meta.url));
const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

const system = `${process.platform}-${process.arch}`;
const name = manifest.nodePackages[system];
const version = manifest.optionalDependencies[Object.values(manifest.nodePackages)[0]];
const node = pinnedNode();
if (node === undefined) {
  console.error(`error: the Node ${version} that the runner brings along is missing`);
  console.error(
    name === undefined
      ? `  hint: there is none for ${system}; with Node ${version} itself installed it may still work`
      : "  hint: install again, without --omit=optional",
  );
  process.exit(1);
}

const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: "inherit" });
// A terminal's Ctrl-C reaches the child by itself; this process only has to outlive it.
process.on("SIGINT", () => {
  if (!process.stdin.isTTY) child.kill("SIGINT");
});
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`error: ${node} does not start: ${error.message}`);
  if (process.platform === "linux" && existsSync(node))
    console.error(
      "  hint: it needs glibc; a system with musl (Alpine) has to run the runner in a container",
    );
  process.exit(1);
});
child.on("exit", (code, signal) => {
  process.exit(code ?? (signal === "SIGINT" ? 130 : signal === "SIGKILL" ? 137 : 143));
});

function pinnedNode() {
  if (name !== undefined) {
    try {
      const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
      const path = join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
      if (existsSync(path)) return path;
    } catch {
      // npm left it out.
    }
  }
  return process.version === `v${version}` ? process.execPath : undefined;
}
