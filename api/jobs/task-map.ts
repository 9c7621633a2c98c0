import type { TaskInterval } from "../../protocol/http-live.ts";
import type { Partition } from "../store/port.ts";

/** Holders that an interval names at most: a merged one may have very many. */
const holdersMax = 8;

export interface TaskMap {
  /** There were more than `intervalsMax`: each stands for equally many tasks. */
  merged: boolean;
  intervals: TaskInterval[];
  /** What the intervals' `runners` count through. */
  holders: string[];
  leased: number;
}

interface Segment {
  lo: number;
  hi: number;
  attempts: number;
  /** Absent: pending. */
  holders?: readonly string[];
}

/** The whole stage as intervals in order: exact, or merged when there are too many. */
export function taskMap({ stage, pending, claims }: Partition, intervalsMax: number): TaskMap {
  const segments: Segment[] = pending.map(([lo, hi, attempts]) => ({ lo, hi, attempts }));
  for (const { front, hi, attempts, holders } of claims)
    segments.push({ lo: front, hi, attempts, holders });
  segments.sort((a, b) => a.lo - b.lo);
  const names = new Map<string, number>();
  const indexOf = (holder: string) => {
    const known = names.get(holder) ?? names.size;
    names.set(holder, known);
    return known;
  };
  const total = stage.tasks;
  const intervals = exact(segments, total, indexOf);
  const merged = intervals.length > intervalsMax;
  const leased = claims.reduce((sum, { front, hi }) => sum + hi - front, 0);
  return {
    merged,
    intervals: merged ? inBuckets(intervals, total, intervalsMax) : intervals,
    holders: [...names.keys()],
    leased,
  };
}

function exact(
  segments: readonly Segment[],
  total: number,
  indexOf: (holder: string) => number,
): TaskInterval[] {
  const intervals: TaskInterval[] = [];
  let at = 0;
  const done = (hi: number) => {
    if (hi > at)
      intervals.push({
        lo: at,
        hi,
        state: "done",
        done: hi - at,
        leased: 0,
        attempts: 0,
        runners: [],
      });
    at = Math.max(at, hi);
  };
  for (const { lo, hi, attempts, holders } of segments) {
    done(lo);
    const [state, leased] = holders ? (["leased", hi - lo] as const) : (["pending", 0] as const);
    const runners = (holders ?? []).slice(0, holdersMax).map(indexOf);
    intervals.push({ lo, hi, state, done: 0, leased, attempts, runners });
    at = hi;
  }
  done(total);
  return intervals;
}

function inBuckets(intervals: readonly TaskInterval[], total: number, count: number) {
  const width = Math.ceil(total / count);
  const buckets: TaskInterval[] = [];
  for (let lo = 0; lo < total; lo += width) {
    const hi = Math.min(lo + width, total);
    buckets.push({ lo, hi, state: "mixed", done: 0, leased: 0, attempts: 0, runners: [] });
  }
  for (const interval of intervals)
    for (let at = Math.floor(interval.lo / width); at * width < interval.hi; at++)
      pour(interval, buckets[at]!);
  return buckets;
}

/** Counts what of an interval lies in a bucket. */
function pour(interval: TaskInterval, bucket: TaskInterval): void {
  const tasks = Math.min(interval.hi, bucket.hi) - Math.max(interval.lo, bucket.lo);
  if (interval.state === "done") bucket.done += tasks;
  else if (interval.state === "leased") bucket.leased += tasks;
  bucket.attempts = Math.max(bucket.attempts, interval.attempts);
  for (const runner of interval.runners)
    if (bucket.runners.length < holdersMax && !bucket.runners.includes(runner))
      bucket.runners.push(runner);
  const size = bucket.hi - bucket.lo;
  if (bucket.done === size) bucket.state = "done";
  else if (bucket.leased === size) bucket.state = "leased";
  else if (bucket.done + bucket.leased > 0) bucket.state = "mixed";
  else bucket.state = "pending";
}
