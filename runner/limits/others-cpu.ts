import { availableParallelism } from "node:os";
import type { Sample } from "../samples.ts";

/** Work stops after others have been busy for this long, and goes on after they have been quiet for that long. */
const stopAfterMs = 10_000;
const goOnAfterMs = 60_000;

/**
 * What other programs used of all cores together, on average over the last samples; undefined while too little is known.
 * @param stopped work has stopped for it: quiet is looked for over a longer time, so that it does not come and go
 */
export function othersCpuPercent(
  samples: readonly Sample[],
  stopped: boolean,
  nowMs: number,
): number | undefined {
  const sinceMs = nowMs - (stopped ? goOnAfterMs : stopAfterMs);
  const recent = samples.filter(({ at }) => Date.parse(at) > sinceMs);
  if (recent.length < 2) return undefined;
  const cores = availableParallelism();
  const others = recent.map(({ machineCpu, cpu }) => Math.max(machineCpu - cpu / cores, 0));
  return others.reduce((sum, each) => sum + each, 0) / others.length;
}
