import { GridError } from "../protocol/errors.ts";
import { residentMb } from "../sandbox/memory-watch.ts";
import type { ExecutorPool } from "../sandbox/pool.ts";
import type { RunnerLog } from "./log.ts";
import type { Supervisor } from "./supervisor.ts";

export interface MemoryGuardOptions {
  pool: Pick<ExecutorPool, "pids">;
  supervisor: Pick<Supervisor, "busy" | "isBusy" | "shed">;
  log: RunnerLog;
  /** What the machine lends, as of now. */
  memoryMb: () => number;
}

const lookEveryMs = 500;
/** Ending an executor that has not grown beyond what an empty one takes frees nothing. */
const emptyMb = 128;
/** After work was handed back for want of memory, the same work would come again at once. */
const shortMs = 30_000;

/**
 * Holds the runner and its executors to the memory that the machine lends. What one function may use is bounded by its
 * job and its executor; together they may still be too much. Then executors that only keep what they had decoded are
 * replaced, and if that is not enough the largest one's work is handed back. Where resident memory cannot be told
 * (Windows) only the bounds of caches and of single functions hold.
 */
export class MemoryGuard {
  readonly #options: MemoryGuardOptions;
  readonly #timer: NodeJS.Timeout;
  /** What was lent at the last look, if nothing worked then: what executors keep does not grow by itself. */
  #idleAtMb: number | undefined;
  #shortUntilMs: number | undefined;

  constructor(options: MemoryGuardOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#look(), lookEveryMs);
    this.#timer.unref();
  }

  /** Until when no work should be taken. */
  get shortUntilMs(): number | undefined {
    return this.#shortUntilMs;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { pool, supervisor, memoryMb } = this.#options;
    const lentMb = memoryMb();
    if (supervisor.busy === 0 && this.#idleAtMb === lentMb) return;
    this.#idleAtMb = supervisor.busy === 0 ? lentMb : undefined;
    const sizes = await Promise.all(pool.pids().map(async (pid) => ({ pid, mb: await mbOf(pid) })));
    let overMb = process.memoryUsage.rss() / (1024 * 1024) - lentMb;
    for (const { mb } of sizes) overMb += mb;
    const largest = sizes.filter(({ mb }) => mb > emptyMb).sort((a, b) => b.mb - a.mb);
    const isIdle = ({ pid }: { pid: number }) => !supervisor.isBusy(pid);
    for (const { pid, mb } of [...largest.filter(isIdle), ...largest]) {
      if (overMb <= 0) return;
      if (this.#shed(pid, mb)) return;
      overMb -= mb;
    }
  }

  /** Returns whether work had to be handed back. */
  #shed(pid: number, mb: number): boolean {
    const { supervisor, log, memoryMb } = this.#options;
    const reason = new GridError("task-lost", "the machine lends no more memory than is used");
    if (!supervisor.shed(pid, reason)) return false;
    this.#shortUntilMs = Date.now() + shortMs;
    log.warn(
      { executorMb: Math.round(mb), memoryMb: memoryMb() },
      "work was handed back: it needs more memory than this machine lends",
    );
    return true;
  }
}

/** 0 when it cannot be told. */
function mbOf(pid: number): Promise<number> {
  return new Promise((resolve) => {
    const mb = residentMb(pid, resolve);
    if (mb !== undefined) resolve(mb);
    else if (process.platform === "linux" || process.platform === "win32") resolve(0);
    else setTimeout(() => resolve(0), psMsMax).unref();
  });
}

/** `ps` on macOS may find nothing, and then says nothing. */
const psMsMax = 2_500;
