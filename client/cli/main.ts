/** The `sparegrid` command. */
import { readFile } from "node:fs/promises";
import { exitCodes } from "./report.ts";
import { runProgram } from "./run-program.ts";
import { createTerminal } from "./terminal.ts";

const interrupt = new AbortController();

// Whoever asks the user what Ctrl-C means (watch) or passes it on (runner) listens too, and then it is not ours.
process.on("SIGINT", () => {
  if (process.listenerCount("SIGINT") > 1) return;
  if (interrupt.signal.aborted) process.exit(exitCodes.interrupted);
  interrupt.abort(new Error("interrupted"));
});
// A reader that has seen enough (head) closes the pipe; that is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? exitCodes.ok : exitCodes.failed);
});

const packageFile = new URL("../../package.json", import.meta.url);
const { version } = JSON.parse(await readFile(packageFile, "utf8")) as { version: string };
process.exitCode = await runProgram(process.argv.slice(2), {
  terminal: createTerminal(),
  env: process.env,
  version,
  signal: interrupt.signal,
});
