import { GridError } from "../protocol/errors.ts";
import { type Launch, prepareLaunch } from "./launch.ts";
import { type FilledExecutorOptions, fillOptions } from "./options.ts";
import type { ExecutorLoan, ExecutorPool, ExecutorPoolOptions, ExecutorSlot } from "./pool.ts";
import { PooledSlot } from "./pooled-slot.ts";
import type { Executor } from "./port.ts";
import { startLaunched } from "./start-executor.ts";
import { WarmProcesses } from "./warm-processes.ts";

/** Makes a pool (see pool.ts); its processes start in the background. */
export function createExecutorPool(options: ExecutorPoolOptions): ExecutorPool {
  return new Pool(options);
}

interface Waiter {
  owner: string;
  resolve: (loan: ExecutorLoan) => void;
  reject: (error: unknown) => void;
}

class Pool implements ExecutorPool {
  readonly slots: PooledSlot[] = [];
  readonly #warm: WarmProcesses;
  readonly #loaned = new Set<PooledSlot>();
  readonly #waiters: Waiter[] = [];
  readonly #waitersMax: number;
  readonly #prestart: boolean;
  #closed: Promise<void> | undefined;

  constructor(options: ExecutorPoolOptions) {
    if (!Number.isSafeInteger(options.slots) || options.slots < 1)
      throw new RangeError("a pool has at least one slot");
    const filled: FilledExecutorOptions = fillOptions(options);
    let launch: Promise<Launch> | undefined;
    this.#warm = new WarmProcesses(async (signal) => {
      launch ??= prepareLaunch(options).catch((error: unknown) => {
        launch = undefined;
        throw error;
      });
      return await startLaunched(await launch, filled, signal);
    });
    this.#waitersMax = options.waitersMax ?? 1024;
    this.#prestart = options.prestart ?? true;
    this.grow(options.slots);
  }

  grow(slots: number): void {
    while (this.slots.length < slots) {
      const slot = new PooledSlot(this.slots.length, this.#warm);
      this.slots.push(slot);
      if (this.#prestart) slot.prestart();
    }
  }

  slot(index: number): ExecutorSlot {
    const slot = this.slots[index];
    if (!slot) throw new RangeError(`the pool has no slot ${index}`);
    return slot;
  }

  async acquire(owner: string, signal?: AbortSignal): Promise<ExecutorLoan> {
    signal?.throwIfAborted();
    if (this.#closed) throw closedError();
    const free = this.slots.filter((slot) => !this.#loaned.has(slot));
    const slot =
      free.find((each) => each.owner === owner) ??
      free.find((each) => each.owner === undefined) ??
      free[0];
    if (slot) return await this.#lend(slot, owner, signal);
    if (this.#waiters.length >= this.#waitersMax)
      throw new GridError("queue-full", "too many wait for an executor");
    return await this.#wait(owner, signal);
  }

  pids(): number[] {
    return this.#warm.pids();
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      for (const waiter of this.#waiters.splice(0)) waiter.reject(closedError());
      await this.#warm.close(closedError());
    })();
    return this.#closed;
  }

  async #lend(slot: PooledSlot, owner: string, signal?: AbortSignal): Promise<ExecutorLoan> {
    this.#loaned.add(slot);
    let executor: Executor;
    try {
      executor = await slot.executorFor(owner, signal);
    } catch (error) {
      this.#giveBack(slot);
      throw error;
    }
    let released = false;
    return {
      executor,
      slot,
      release: () => {
        if (!released) this.#giveBack(slot);
        released = true;
      },
    };
  }

  #giveBack(slot: PooledSlot): void {
    this.#loaned.delete(slot);
    const waiter = this.#waiters.shift();
    if (waiter) this.#lend(slot, waiter.owner).then(waiter.resolve, waiter.reject);
  }

  #wait(owner: string, signal?: AbortSignal): Promise<ExecutorLoan> {
    const { promise, resolve, reject } = Promise.withResolvers<ExecutorLoan>();
    const waiter: Waiter = {
      owner,
      resolve: (loan) => {
        // Who has gone while the slot was made ready for him does not take it with him.
        if (signal?.aborted) loan.release();
        resolve(loan);
      },
      reject,
    };
    const abort = () => {
      const at = this.#waiters.indexOf(waiter);
      if (at >= 0) this.#waiters.splice(at, 1);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
    this.#waiters.push(waiter);
    return promise.finally(() => signal?.removeEventListener("abort", abort));
  }
}

function closedError(): GridError {
  return new GridError("shutting-down", "the executors are being shut down");
}
