/** Runs bundles that nobody trusts, in child processes that can be thrown away. */
export { createExecutorPool } from "./executor-pool.ts";
export type { ExecutorOptions } from "./options.ts";
export type {
  ExecutorLoan,
  ExecutorPool,
  ExecutorPoolOptions,
  ExecutorSlot,
} from "./pool.ts";
export type { Executor, ExecutorReply, ExecutorRequest } from "./port.ts";
export { startExecutor } from "./start-executor.ts";
