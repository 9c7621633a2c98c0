/** How an executor's process is started and watched. Every field has a default that fits a runner. */
export interface ExecutorOptions {
  /**
   * Directory that keeps the child's program between starts (one file, named by its content). Only this user may be
   * able to write to it. Default: one in the temp dir.
   */
  cacheDir?: string;
  /**
   * How long past `timeoutMs` the parent waits for a child that cannot answer before it kills it.
   * isolated-vm itself overshoots by about 1 ms; only V8 stuck in native code gets here. Default 1000.
   */
  graceMs?: number;
  /** How long a bundle may take to load, and one blob to become resident. Default 10,000. */
  openTimeoutMs?: number;
  /** How often a busy child's resident memory and deadline are looked at. Default 100. */
  watchMs?: number;
  /**
   * Resident memory at which a busy child is killed: `memoryFactor` × the largest memoryMb of the open bundles, plus the
   * memoryMb of the others, plus `memoryBaseMb` for the process itself. isolated-vm's limit is a guideline that V8 can exceed 2 to 3 times before it ends an isolate. Defaults 2.5 and 128.
   */
  memoryFactor?: number;
  memoryBaseMb?: number;
  /** Bytes that may wait to be written to one child before `run` and `load` refuse with queue-full. Default 512 MB. */
  pipeBytesMax?: number;
  /** A niceness, 0 to 19: executors give way to whoever uses the machine. Default 10. */
  niceness?: number;
  /** How long a process may take until it answers. Default 10,000. */
  startTimeoutMs?: number;
}

export type FilledExecutorOptions = Required<Omit<ExecutorOptions, "cacheDir">>;

export function fillOptions(options: ExecutorOptions): FilledExecutorOptions {
  return {
    graceMs: options.graceMs ?? 1_000,
    openTimeoutMs: options.openTimeoutMs ?? 10_000,
    watchMs: options.watchMs ?? 100,
    memoryFactor: options.memoryFactor ?? 2.5,
    memoryBaseMb: options.memoryBaseMb ?? 128,
    pipeBytesMax: options.pipeBytesMax ?? 512 * 1024 * 1024,
    niceness: options.niceness ?? 10,
    startTimeoutMs: options.startTimeoutMs ?? 10_000,
  };
}
