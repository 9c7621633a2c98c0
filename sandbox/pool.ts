import type { GridError } from "../protocol/errors.ts";
import type { ExecutorOptions } from "./options.ts";
import type { Executor } from "./port.ts";

export interface ExecutorPoolOptions extends ExecutorOptions {
  /** Executors that may work at once. */
  slots: number;
  /** Start every slot's process at once instead of when it is first asked for. Default true. */
  prestart?: boolean;
  /** Callers of `acquire` that may wait for a free slot; one more is refused with queue-full. Default 1024. */
  waitersMax?: number;
}

/**
 * One long-lived place for an executor, with sticky residency: asking again for the same owner gives the same process,
 * with all it has open, as long as it lives.
 */
export interface ExecutorSlot {
  readonly index: number;
  /** Whom the present process has served; undefined for a fresh one. */
  readonly owner: string | undefined;
  /** The live process, if there is one, whoever it served. */
  readonly executor: Executor | undefined;
  /**
   * A live executor that has served nobody but `owner`: the present one, or else a fresh one (the warm spare at once
   * when there is one, else after about 0.1 s). A process that served another owner is killed first. A slot has one
   * user at a time; do not ask for a second owner while a run is under way.
   * @throws GridError shutting-down after close(), internal when processes do not start; or the signal's reason
   */
  executorFor(owner: string, signal?: AbortSignal): Promise<Executor>;
  /** Kills the present process, if any; the next one is started at once. */
  restart(reason: GridError): void;
  /** Kills the present process, if any; the next one is started when it is asked for. */
  rest(reason: GridError): void;
}

/** An executor borrowed for a while by someone who does not keep slots of its own (the API's inspector). */
export interface ExecutorLoan {
  readonly executor: Executor;
  readonly slot: ExecutorSlot;
  /** Gives the slot back; its process stays warm for the same owner. Idempotent. */
  release(): void;
}

/**
 * A bounded set of executors with owner discipline: a process serves one owner and is replaced before its slot serves
 * another. One spare process is kept warm, and a dead process is replaced at once.
 */
export interface ExecutorPool {
  readonly slots: readonly ExecutorSlot[];
  /** @throws RangeError when there is no such slot */
  slot(index: number): ExecutorSlot;
  /** Adds slots until there are so many; never takes one away. */
  grow(slots: number): void;
  /**
   * Waits for a slot that nobody has on loan, preferring one that already serves `owner`, then an unowned one.
   * Use either loans or slots directly on one pool, not both.
   * @throws GridError queue-full, shutting-down; or the signal's reason
   */
  acquire(owner: string, signal?: AbortSignal): Promise<ExecutorLoan>;
  /** Process ids of all that live, the spare included. */
  pids(): number[];
  /** Kills every process and resolves once they are gone. Idempotent. */
  close(): Promise<void>;
}
