import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Ends a process whose parent was killed before it could stop it. */
const parentWatch = new URL("../api/runners/parent-watch.ts", import.meta.url).href;
const stopMsMax = 8_000;
const logLinesKept = 30;

/**
 * A program of this project as a child. It leads a process group of its own, so that a terminal's Ctrl-C does not reach
 * it before the demo has stopped using it, and so that nothing it started can outlive `stop`.
 */
export class DemoProcess {
  readonly #program: string;
  readonly #child: ChildProcess;
  readonly #log: string[] = [];

  constructor(program: string, args: readonly string[], env: Record<string, string>) {
    this.#program = program;
    this.#child = spawn(process.execPath, ["--import", parentWatch, program, ...args], {
      cwd: root,
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      // Nothing else of the environment: settings of the one who runs the demo must not reach into it.
      env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...env },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8");
      stream?.on("data", (chunk: string) => this.#note(chunk));
    }
    this.#child.on("error", (error) => this.#note(error.message));
  }

  get exited(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    return pid === undefined || exitCode !== null || signalCode !== null;
  }

  /** An error that shows what the process said last. */
  failure(what: string): Error {
    const log = this.#log.map((line) => `\n  ${line}`).join("");
    return new Error(`${this.#program} ${what}${log}`);
  }

  /** Lets it end by itself, then makes it. Resolves once its whole group is gone. */
  async stop(): Promise<void> {
    if (!this.exited) {
      const gone = once(this.#child, "exit");
      this.#child.kill("SIGTERM");
      const late = setTimeout(() => this.#killGroup(), stopMsMax);
      await gone;
      clearTimeout(late);
    }
    this.#killGroup();
  }

  #killGroup(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // nothing of it is left
    }
  }

  #note(chunk: string): void {
    this.#log.push(...chunk.split("\n").filter((line) => line.trim() !== ""));
    this.#log.splice(0, Math.max(0, this.#log.length - logLinesKept));
  }
}
