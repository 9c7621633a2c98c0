import { GridError } from "../protocol/errors.ts";
import type { ExecutorProcess } from "./executor-process.ts";
import type { ExecutorSlot } from "./pool.ts";
import type { WarmProcesses } from "./warm-processes.ts";

/** See ExecutorSlot in pool.ts. */
export class PooledSlot implements ExecutorSlot {
  readonly index: number;
  readonly #warm: WarmProcesses;
  #executor: ExecutorProcess | undefined;
  #owner: string | undefined;
  #resting = false;
  /** A process on its way into this slot. */
  #coming: Promise<ExecutorProcess> | undefined;

  constructor(index: number, warm: WarmProcesses) {
    this.index = index;
    this.#warm = warm;
  }

  get owner(): string | undefined {
    return this.executor && this.#owner;
  }

  get executor(): ExecutorProcess | undefined {
    return this.#executor?.alive ? this.#executor : undefined;
  }

  /** Has a process started without waiting for it. */
  prestart(): void {
    this.#fill().catch(() => {
      // Whoever needs it tries again and is told.
    });
  }

  async executorFor(owner: string, signal?: AbortSignal): Promise<ExecutorProcess> {
    signal?.throwIfAborted();
    this.#resting = false;
    if (this.owner !== undefined && this.owner !== owner)
      this.restart(new GridError("task-lost", "the executor was needed for another owner"));
    const executor = this.executor ?? (await abortable(this.#fill(), signal));
    this.#owner = owner;
    return executor;
  }

  rest(reason: GridError): void {
    this.#resting = true;
    this.restart(reason);
  }

  restart(reason: GridError): void {
    const executor = this.#executor;
    this.#executor = undefined;
    this.#owner = undefined;
    executor?.kill(reason);
  }

  #fill(): Promise<ExecutorProcess> {
    this.#coming ??= this.#warm.take().then(
      (executor) => {
        this.#coming = undefined;
        this.#executor = executor;
        this.#owner = undefined;
        void executor.exited.then(() => this.#gone(executor));
        if (this.#resting) this.rest(new GridError("task-lost", "the slot is not in use"));
        return executor;
      },
      (error: unknown) => {
        this.#coming = undefined;
        throw error;
      },
    );
    return this.#coming;
  }

  #gone(executor: ExecutorProcess): void {
    if (this.#executor === executor) {
      this.#executor = undefined;
      this.#owner = undefined;
    }
    if (!this.executor && !this.#warm.closed && !this.#resting) this.prestart();
  }
}

async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
