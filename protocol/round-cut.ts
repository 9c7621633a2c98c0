import { leasesPerSlot, leaseTasksMax } from "./limits.ts";
import type { TaskTable } from "./tasking.ts";

/** Consecutive tasks [lo, hi). */
export type Run = readonly [lo: number, hi: number];

/** A run of an iterative round below this is not worth splitting: one a slot, so that few messages carry a round. */
const runTargetMs = 10;
/** A round of less work than this is faster on one slot: a second one costs two more messages on every hop. */
const wholeRoundMs = 0.5;

/** How many runs a round is cut into. @param roundMs compute time of the whole round, once known */
export function roundParts(tasks: number, slots: number, roundMs: number | undefined): number {
  if (roundMs === undefined) return Math.min(slots * leasesPerSlot, tasks);
  if (roundMs < wholeRoundMs) return 1;
  const perSlot = Math.round(roundMs / slots / runTargetMs);
  return Math.min(slots * Math.min(Math.max(perSlot, 1), leasesPerSlot), tasks);
}

/**
 * Cuts all tasks into at most `parts` runs of about equal records, none longer than a lease may be. A run ends at the
 * task boundary that is nearest to its share.
 */
export function splitEvenly(table: TaskTable, parts: number): Run[] {
  const last = table.slice(table.tasks - 1);
  const records = last.record + last.to - last.from;
  const runs: Run[] = [];
  let lo = 0;
  for (let task = 0; task < table.tasks; task++) {
    const { record, from, to } = table.slice(task);
    const share = (records * (runs.length + 1)) / parts;
    const end = record + to - from;
    const next = task + 1 < table.tasks ? end + sizeOf(table, task + 1) : Number.POSITIVE_INFINITY;
    const full = end >= share || share - end < next - share;
    if (full || next === Number.POSITIVE_INFINITY || task + 1 - lo === leaseTasksMax) {
      runs.push([lo, task + 1]);
      lo = task + 1;
    }
  }
  return runs;
}

function sizeOf(table: TaskTable, task: number): number {
  const { from, to } = table.slice(task);
  return to - from;
}
