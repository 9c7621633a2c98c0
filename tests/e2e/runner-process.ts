import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Client } from "../../client/index.ts";
import { processTree, root, until } from "../support/system.ts";

export interface RunnerTarget {
  url: string;
  key: string;
  client: Client;
}

export interface RunnerProcessOptions {
  name: string;
  slots?: number;
}

/** One more runner for a system, a process of its own with an identity of its own. */
export class RunnerProcess implements AsyncDisposable {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #dataDir: string;
  readonly #exited: Promise<unknown>;

  /** Resolves once the API lists it. */
  static async start(
    { url, key, client }: RunnerTarget,
    { name, slots = 2 }: RunnerProcessOptions,
  ): Promise<RunnerProcess> {
    const dataDir = await mkdtemp(path.join(tmpdir(), "sparegrid-runner-"));
    const settings = {
      url,
      token: key,
      name,
      slots,
      "data-dir": dataDir,
      "log-level": "error",
      page: "off",
    };
    const args = Object.entries(settings).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
    const child = spawn(process.execPath, ["runner/main.js", ...args], {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
    });
    const runner = new RunnerProcess(name, child, dataDir);
    try {
      const listed = async () => (await client.runners()).some((one) => one.name === name);
      const ended = once(child, "exit").then(([code]) => {
        throw new Error(`the runner exited with ${code}`);
      });
      await Promise.race([until(listed, `runner ${name} to connect`), ended]);
    } catch (error) {
      await runner[Symbol.asyncDispose]();
      throw error;
    }
    return runner;
  }

  private constructor(name: string, child: ChildProcess, dataDir: string) {
    this.name = name;
    this.#child = child;
    this.#dataDir = dataDir;
    this.#exited = once(child, "exit");
  }

  /** Sends a signal to the runner and its executors, as a machine that stalls would stop all of them. */
  async signalAll(signal: NodeJS.Signals): Promise<void> {
    for (const pid of await processTree(this.#child.pid!)) process.kill(pid, signal);
  }

  /** Drains. Returns the exit code. */
  async drain(): Promise<number | null> {
    this.#child.kill("SIGTERM");
    await this.#exited;
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      await this.signalAll("SIGKILL").catch(() => this.#child.kill("SIGKILL"));
      await this.#exited;
    }
    await rm(this.#dataDir, { recursive: true, force: true });
  }
}
