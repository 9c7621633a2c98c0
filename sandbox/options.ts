/** How an executor's process is started and watched. Every field has a default that fits a runner. */
export interface ExecutorOptions {
  /** Directory that keeps the child's bundle between starts (one file, named by its content). Default: the temp dir. */
  cacheDir?: string;
  /**
   * How long past `timeoutMs` the parent waits for a child that cannot answer before it kills it.
   * isolated-vm itself overshoots by about 1 ms; only V8 stuck in native code gets here. Default 1000.
   */
  graceMs?: number;
  /** How often a busy child's resident memory is looked at. Default 100. */
  memoryPollMs?: number;
  /**
   * Resident memory at which the child is killed: `memoryFactor` × the largest open isolate's memoryMb + `memoryBaseMb`.
   * isolated-vm's limit is a guideline that V8 can exceed 2 to 3 times before it ends an isolate. Defaults 2.5 and 160.
   */
  memoryFactor?: number;
  memoryBaseMb?: number;
  /** Blobs and messages waiting to be written to one child before `run` refuses with queue-full. Default 512 MB. */
  pipeBytesMax?: number;
}
