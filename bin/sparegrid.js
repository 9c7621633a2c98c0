#!/usr/bin/env node
// Runs the command on the pinned Node: the V8 that sandboxes need comes as a dependency, whatever the machine has.
// Plain JavaScript without new syntax, because an old Node must be able to read it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../client/main.js", import.meta.url));
const nodeMajorMin = 26;

if (Number(process.versions.node.split(".")[0]) >= nodeMajorMin) {
  process.argv[1] = main;
  await import(new URL("../client/main.js", import.meta.url).href);
} else {
  const node = pinnedNode();
  if (node === undefined) {
    console.error(
      `error: sparegrid needs Node ${nodeMajorMin} or later, and this is ${process.version}`,
    );
    console.error("  hint: run `npm install` in the project: it brings the right Node along");
    process.exit(1);
  }
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: "inherit" });
  // A terminal's Ctrl-C reaches the child by itself; this process only has to outlive it.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`error: the pinned Node does not start: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    process.exit(code ?? (signal === "SIGINT" ? 130 : 143));
  });
}

function pinnedNode() {
  const executable = process.platform === "win32" ? "node.exe" : "node";
  return ["../node_modules/node/bin/", "../../node/bin/"]
    .map((folder) => fileURLToPath(new URL(folder + executable, import.meta.url)))
    .find((path) => existsSync(path));
}
