import { spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { root } from "../../tests/support/system.ts";

/** Debian's Python, which has dask as a package; another Python on the PATH would not see it. */
const python = "/usr/bin/python3";

/** A Python peer that prints "ready", then answers every line on its stdin with one line. */
export interface PythonPeer extends AsyncDisposable {
  /** One run; the numbers on its line. */
  turn(request?: string): Promise<number[]>;
}

export function hasDask(): boolean {
  return spawnSync(python, ["-c", "import distributed"], { stdio: "ignore" }).status === 0;
}

export async function startPython(script: string, args: string[]): Promise<PythonPeer> {
  const child = spawn(python, [path.join(root, "bench/peers", script), ...args], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const line = await lines.next();
    if (line.done) throw new Error(`${script} ended`);
    return line.value;
  };
  while ((await next()) !== "ready") {}
  return {
    async turn(request = "go") {
      child.stdin.write(`${request}\n`);
      return (await next()).split(" ").map(Number);
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      child.kill();
    },
  };
}
