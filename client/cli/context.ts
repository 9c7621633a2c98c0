import type { Command } from "commander";
import type { Client } from "../index.ts";
import { type ConnectionFlags, connect } from "./connection.ts";
import type { Terminal } from "./terminal.ts";

/** What every command gets: the terminal, the environment, and a client made of the global flags. */
export interface Context {
  terminal: Terminal;
  env: NodeJS.ProcessEnv;
  client(command: Command): Promise<Client>;
  /** Aborts on the first Ctrl-C. */
  signal: AbortSignal;
}

export function createContext(
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Context {
  return {
    terminal,
    env,
    signal,
    client: (command) => connect(command.optsWithGlobals<ConnectionFlags>(), env),
  };
}

/** For options that may be given more than once. */
export function collect(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

/** Examples beneath a command's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ sparegrid ${line}`).join("\n")}`;
}
