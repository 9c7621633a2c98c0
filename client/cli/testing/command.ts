import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { sharedModules } from "../../../api/testing/shared-modules.ts";

export const commandMain = fileURLToPath(new URL("../../main.js", import.meta.url));

export interface Ran {
  code: number | null;
  out: string;
  err: string;
}

export interface Surroundings {
  /** Where it runs, and its home unless `env` names another. */
  folder: string;
  /** All that it knows of the environment, besides the PATH. */
  env?: Record<string, string> | undefined;
  input?: string | undefined;
  /** Default: the command itself. */
  program?: string | undefined;
}

/** The real command in a process of its own, without a terminal. */
export function startCommand(
  args: readonly string[],
  { folder, env, program = commandMain }: Surroundings,
): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [program, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...sharedModules(), HOME: folder, ...env },
  });
}

/** Runs the real command in a process of its own to its end: where entry, exit and streams are what is tested. */
export async function runProcess(
  args: readonly string[],
  surroundings: Surroundings,
): Promise<Ran> {
  const child = startCommand(args, surroundings);
  child.stdin.end(surroundings.input ?? "");
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit") as Promise<[number | null]>,
  ]);
  return { code, out, err };
}
