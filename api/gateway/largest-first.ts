import type { JobView } from "../jobs/job-view.ts";

type Runs = readonly (readonly [lo: number, hi: number])[];

/** Each run's shards are half as large as those of the run before: what is smaller still is no tail to speak of. */
const runsMax = 8;
const cache = new WeakMap<JobView["shards"], Runs>();

/**
 * The order in which a single pass takes its shards: those of the larger half of sizes first, then the next half, and so
 * on. Shards grow over a dataset, so in their own order the largest would come last, and all but one slot would wait for
 * it (longest processing time first: Graham 1969).
 */
export function largestFirst(view: JobView): Runs {
  const { stage, shards } = view;
  if (stage.entry !== "map" || stage.tasking?.type !== "shards") return [];
  const known = cache.get(shards);
  if (known) return known;
  const largest = shards.reduce((most, { records }) => Math.max(most, records), 0);
  const runs: [lo: number, hi: number][] = [];
  let hi = shards.length;
  for (let bound = largest / 2; hi > 0 && runs.length < runsMax; bound /= 2) {
    // The last shard is what was left over: it goes with its neighbours.
    let lo = hi === shards.length ? hi - 1 : hi;
    while (lo > 0 && shards[lo - 1]!.records >= bound) lo--;
    if (lo < hi) runs.push([lo, hi]);
    hi = lo;
  }
  cache.set(shards, runs);
  return runs;
}
