import { GridError } from "../protocol/errors.ts";
import { residentMb } from "./memory-watch.ts";
import type { Operations } from "./operations.ts";
import type { FilledExecutorOptions } from "./options.ts";

/**
 * Looks at a busy child from outside, where no guest can interfere: at its deadline, because V8 can be stuck where
 * isolated-vm's timeout does not reach, and at its resident memory, because some allocations pass by its memory limit.
 */
export class Watchdog {
  /** The most memory seen at once, in MB. */
  peakMb = 0;
  readonly #pid: number;
  readonly #options: FilledExecutorOptions;
  readonly #operations: Operations;
  readonly #memoryMbMax: () => number;
  readonly #kill: (reason: GridError) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    pid: number,
    options: FilledExecutorOptions,
    operations: Operations,
    actions: { memoryMbMax: () => number; kill: (reason: GridError) => void },
  ) {
    this.#pid = pid;
    this.#options = options;
    this.#operations = operations;
    this.#memoryMbMax = actions.memoryMbMax;
    this.#kill = actions.kill;
  }

  /** Called when the child is given work. Stops by itself at the first look at an idle child. */
  wake(): void {
    if (this.#timer) return;
    this.#timer = setInterval(() => this.#look(), this.#options.watchMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    if (!this.#operations.busy) {
      this.stop();
      return;
    }
    const mb = residentMb(this.#pid, (late) => this.#judge(late));
    if (mb !== undefined) this.#judge(mb);
    if (this.#operations.overdueMs(performance.now()) > 0) {
      this.#kill(
        new GridError("timeout", "the function did not answer in time and could not be stopped"),
      );
    }
  }

  #judge(mb: number): void {
    this.peakMb = Math.max(this.peakMb, mb);
    const limit = this.#memoryMbMax();
    if (mb > limit) {
      this.#kill(
        new GridError(
          "out-of-memory",
          `the function used up its memory: ${Math.round(mb)} MB resident, at most ${Math.round(limit)} MB`,
          { limit: Math.round(limit) },
        ),
      );
    }
  }
}
