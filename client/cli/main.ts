/** The `sparegrid` command. */
import { readFile } from "node:fs/promises";
import { CommanderError } from "commander";
import { createContext } from "./context.ts";
import { createProgram } from "./program.ts";
import { exitCodes, reportError } from "./report.ts";
import { createTerminal } from "./terminal.ts";

const terminal = createTerminal();
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

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const { version } = JSON.parse(
      await readFile(new URL("../../package.json", import.meta.url), "utf8"),
    ) as { version: string };
    const context = createContext(terminal, process.env, interrupt.signal);
    await createProgram(context, version).parseAsync(process.argv);
    return exitCodes.ok;
  } catch (error) {
    // Help and version are "errors" with code 0; the others were reported by commander itself.
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (interrupt.signal.aborted) return exitCodes.interrupted;
    if ((error as NodeJS.ErrnoException).code === "EPIPE") return exitCodes.ok;
    return reportError(terminal, error);
  }
}
