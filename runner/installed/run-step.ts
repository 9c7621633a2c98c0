import { spawn } from "node:child_process";
import { once } from "node:events";
import { CommandError } from "./command-error.ts";
import type { Step } from "./service-plan.ts";

const outputCharsMax = 4_000;

/**
 * Runs a program of the system; what it says is told when it fails.
 * @param hint what to do then
 * @throws CommandError
 */
export async function runStep(
  { command, args, optional = false }: Step,
  hint?: string,
): Promise<void> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], windowsHide: true });
  let said = "";
  const note = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-outputCharsMax);
  };
  child.stdout.on("data", note);
  child.stderr.on("data", note);
  const ended = await once(child, "close").then(
    ([code, signal]) => ((code ?? signal) === 0 ? undefined : `ended with ${code ?? signal}`),
    (error: unknown) => (error as Error).message,
  );
  if (ended === undefined || optional) return;
  const why = [ended, said.trim()].filter((text) => text !== "").join(": ");
  throw new CommandError(`${[command, ...args].join(" ")}: ${why}`, hint);
}
