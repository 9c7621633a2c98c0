import { CommanderError } from "commander";
import { createContext } from "./context.ts";
import { createProgram } from "./program.ts";
import { exitCodes, reportError } from "./report.ts";
import type { Terminal } from "./terminal.ts";

export interface Setting {
  terminal: Terminal;
  env: NodeJS.ProcessEnv;
  version: string;
  /** Aborts on the first Ctrl-C. */
  signal: AbortSignal;
}

/** Runs the command to its end and says what went wrong. Resolves with the exit code. */
export async function runProgram(
  args: readonly string[],
  { terminal, env, version, signal }: Setting,
): Promise<number> {
  try {
    const context = createContext(terminal, env, signal);
    await createProgram(context, version).parseAsync(args, { from: "user" });
    return exitCodes.ok;
  } catch (error) {
    // Help and version are "errors" with code 0; the others were reported by commander itself.
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (signal.aborted) return exitCodes.interrupted;
    if ((error as NodeJS.ErrnoException).code === "EPIPE") return exitCodes.ok;
    return reportError(terminal, error);
  }
}
