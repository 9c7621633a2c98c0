import { availableParallelism, totalmem } from "node:os";

/** What a machine lends. All of it may change while the runner runs. */
export interface Terms {
  /** Executors that work at once. */
  slots: number;
  /** How much of the time each of them may work, 1 to 100. */
  cpuPercent: number;
  memoryMb: number;
  /** Works only for jobs that pay this multiple of the rate, or more; 1 when absent. */
  ask?: number | undefined;
  /** Works only for jobs of these pools: "everyone", "own", "owner/name". */
  pools?: readonly string[] | undefined;
}

const bytesPerMb = 1024 * 1024;
const cacheBytesMax = 256 * bytesPerMb;

/** All cores but one, and half of the memory. */
export function defaultTerms(): Terms {
  return {
    slots: Math.max(1, availableParallelism() - 1),
    cpuPercent: 100,
    memoryMb: Math.floor(totalmem() / (2 * bytesPerMb)),
  };
}

/** Raw blobs kept in the runner's own process. */
export function cachedBytes({ memoryMb }: Terms): number {
  return Math.min(cacheBytesMax, Math.floor((memoryMb * bytesPerMb) / 8));
}

/** Raw shards resident in one executor; over all of them at most a quarter of the memory. */
export function residentBytes({ memoryMb, slots }: Terms): number {
  return Math.min(cacheBytesMax, Math.floor((memoryMb * bytesPerMb) / (4 * slots)));
}
