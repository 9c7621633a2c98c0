import type { Entry } from "../../protocol/job.ts";
import type { TaskSlice } from "../../protocol/tasking.ts";
import type { JobView } from "../jobs/job-view.ts";
import { shardCountOf } from "../jobs/plan.ts";

/**
 * Names of tasks within a family: "entry:digest:shard:record:from:to:count". Besides the records themselves a function
 * sees which shard and which records of the input they are (its random numbers depend on it), and how many shards there
 * are; `count` is empty for a task that never asked. `digest` is the shard's, and empty for a range.
 */
export type Place = Pick<JobView, "spec" | "shards" | "stage" | "table">;

const letters: Partial<Record<Entry, string>> = { probe: "p", map: "m" };

/** Whether tasks of this stage are remembered at all. */
export function isRemembered({ spec, stage }: Pick<JobView, "spec" | "stage">): boolean {
  return spec.kind !== "iterate" && stage.entry in letters;
}

/** @param anyCount the task never asked how many shards there are */
export function nameOf(place: Place, task: number, anyCount: boolean): string {
  const { spec, shards, stage, table } = place;
  const slice = table!.slice(task);
  const digest = shards[slice.shard]?.digest ?? "";
  const count = anyCount ? "" : shardCountOf(spec, shards);
  const { shard, record, from, to } = slice;
  return [letters[stage.entry], digest, shard, record, from, to, count].join(":");
}

/** The task of the stage that has this name; undefined when there is none. */
export function taskOf(place: Place, name: string): number | undefined {
  const [, , , record = "", , , count] = name.split(":");
  const task = taskAt(place, Number(record));
  return task !== undefined && nameOf(place, task, count === "") === name ? task : undefined;
}

/** Records that a task reads. */
export function recordsIn({ table }: Place, task: number): number {
  const { from, to } = table!.slice(task);
  return to - from;
}

/** The task whose first record this is; tasks are in the order of their records. */
function taskAt({ stage, table }: Place, record: number): number | undefined {
  let low = 0;
  let high = stage.tasks - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at: TaskSlice = table!.slice(middle);
    if (at.record === record) return middle;
    if (at.record < record) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}
