import type { Executor } from "../../sandbox/port.ts";

/** Where inspection borrows a sandbox child; an ExecutorPool of sandbox/ fits. */
export interface ExecutorSource {
  /** A process that has served nobody but `owner`. */
  acquire(
    owner: string,
    signal?: AbortSignal,
  ): Promise<{ readonly executor: Executor; release(): void }>;
}
