import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "vitest";
import { root } from "./system.ts";

/**
 * The lines that a program of ours says until it dies by SIGKILL: its own, or one that comes `killAfterMs` after its first
 * line. Quick to start, as the API is.
 */
export async function* linesUntilKilled(
  script: string,
  args: readonly string[],
  killAfterMs?: number,
): AsyncGenerator<string> {
  const quickStart = join(root, "api/quick-start.js");
  const child = spawn(process.execPath, ["--import", quickStart, script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let doomed = killAfterMs === undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!doomed) setTimeout(() => child.kill("SIGKILL"), killAfterMs);
    doomed = true;
    yield line;
  }
  const [, signal] = await exited;
  expect(signal).toBe("SIGKILL");
}
