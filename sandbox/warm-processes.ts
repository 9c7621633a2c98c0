import { setTimeout as delay } from "node:timers/promises";
import type { GridError } from "../protocol/errors.ts";
import type { ExecutorProcess } from "./executor-process.ts";

/** Waits between attempts to start the spare when processes do not start. */
const retryMsMin = 500;
const retryMsMax = 30_000;

/** Starts processes and keeps one that has served nobody, so that a dead one is replaced without a wait. */
export class WarmProcesses {
  readonly #start: (signal: AbortSignal) => Promise<ExecutorProcess>;
  readonly #live = new Set<ExecutorProcess>();
  readonly #stop = new AbortController();
  /** The spare, ready or on its way; undefined while none could be started. */
  #spare: Promise<ExecutorProcess> | undefined;
  #retryMs = retryMsMin;

  constructor(start: (signal: AbortSignal) => Promise<ExecutorProcess>) {
    this.#start = start;
  }

  get closed(): boolean {
    return this.#stop.signal.aborted;
  }

  pids(): number[] {
    return [...this.#live].filter((process) => process.alive).map((process) => process.pid);
  }

  /**
   * A process that has served nobody: the spare, or else a new one. The next spare is started in its place.
   * @throws GridError internal when it does not start; or what `close` was given
   */
  async take(): Promise<ExecutorProcess> {
    this.#stop.signal.throwIfAborted();
    const spare = this.#spare ?? this.#startOne();
    this.#keepSpare();
    const process = await spare;
    return process.alive ? process : await this.#startOne();
  }

  /** Kills all with `reason` and resolves once they are gone. */
  async close(reason: GridError): Promise<void> {
    this.#stop.abort(reason);
    for (const process of this.#live) process.kill(reason);
    await Promise.all([...this.#live].map((process) => process.exited));
  }

  #keepSpare(): void {
    if (this.closed) {
      this.#spare = undefined;
      return;
    }
    const spare = this.#startOne();
    this.#spare = spare;
    spare.then(
      (process) => {
        this.#retryMs = retryMsMin;
        // A spare that dies before it is taken (somebody killed it) is replaced as well.
        void process.exited.then(() => {
          if (this.#spare === spare) this.#keepSpare();
        });
      },
      async () => {
        if (this.#spare === spare) this.#spare = undefined;
        const waitMs = this.#retryMs;
        this.#retryMs = Math.min(retryMsMax, 2 * waitMs);
        try {
          await delay(waitMs, undefined, { signal: this.#stop.signal, ref: false });
        } catch {
          return;
        }
        if (this.#spare === undefined) this.#keepSpare();
      },
    );
  }

  async #startOne(): Promise<ExecutorProcess> {
    const process = await this.#start(this.#stop.signal);
    if (this.closed) {
      process.kill(this.#stop.signal.reason as GridError);
      throw this.#stop.signal.reason;
    }
    this.#live.add(process);
    void process.exited.then(() => this.#live.delete(process));
    return process;
  }
}
