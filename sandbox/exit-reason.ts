import { GridError } from "../protocol/errors.ts";

export interface ExitFacts {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  /** The most resident memory that was seen, and the limit that would have had it killed. */
  peakMb: number;
  memoryMbMax: number;
  stderr: string;
}

const memoryTrouble = /out of memory|heap limit|allocation failed|bad_alloc|invalid size error/i;
const crashSignals: ReadonlySet<string> = new Set([
  "SIGSEGV",
  "SIGABRT",
  "SIGTRAP",
  "SIGILL",
  "SIGBUS",
]);

/**
 * Why a child that nobody killed is gone: `out-of-memory` (the function's fault) when V8 says so, or when it crashed or
 * was killed by the system while it held much memory; else `task-lost`, which is tried again elsewhere.
 */
export function exitReason({
  exitCode,
  signal,
  peakMb,
  memoryMbMax,
  stderr,
}: ExitFacts): GridError {
  const how = signal ?? `code ${exitCode}`;
  const crashed = (signal !== null && crashSignals.has(signal)) || (exitCode ?? 0) > 128;
  const filled = peakMb > memoryMbMax / 2;
  if ((crashed && (filled || memoryTrouble.test(stderr))) || (signal === "SIGKILL" && filled)) {
    return new GridError(
      "out-of-memory",
      `the function used up its memory (${Math.round(peakMb)} MB)`,
    );
  }
  const cause = stderr.length > 0 ? new Error(stderr) : undefined;
  return new GridError("task-lost", `the executor died (${how})`, {}, { cause });
}
