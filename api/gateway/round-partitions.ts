import { LRUCache } from "lru-cache";
import { leaseTasksMax } from "../../protocol/limits.ts";
import type { TaskTable } from "../../protocol/tasking.ts";
import { type JobView, recordsOf } from "../jobs/job-view.ts";
import { type LeaseSizing, leasesPerSlot } from "./lease-sizing.ts";

/** Consecutive tasks [lo, hi). */
export type Run = readonly [lo: number, hi: number];

interface Partition {
  slots: number;
  /** Made when the time of a task was known. */
  measured: boolean;
  runs: readonly Run[];
  /** The session that last held each run, and so has its shards resident. */
  owners: (string | undefined)[];
}

/** A lease of an iterative round below this is not worth splitting: one a slot, so that few messages carry a round. */
const leaseTargetMs = 10;
/** A round of less work than this is faster on one slot: a second one costs two more messages on every hop. */
const wholeRoundMs = 0.5;

/**
 * How an iterative job's map stage is shared out, the same in every round, so that the shards that are resident in an
 * executor stay where they are. Runs carry equal numbers of records, not of tasks: the first shards of a dataset are
 * small. Decided twice: blindly for the first round, then once by its measured time; and anew when slots come or go.
 */
export class RoundPartitions {
  readonly #partitions = new LRUCache<string, Partition>({ max: 10_000 });
  readonly #sizing: LeaseSizing;

  constructor(sizing: LeaseSizing) {
    this.#sizing = sizing;
  }

  /** Runs for a session: those it held before, and (unless `ownOnly`) those that no live session held. */
  runsFor(
    view: JobView,
    session: string,
    options: { slots: number; isLive: (session: string) => boolean; ownOnly: boolean },
  ): Run[] {
    const { runs, owners } = this.#partition(view, options.slots);
    const own = runs.filter((_, i) => owners[i] === session);
    if (options.ownOnly) return own;
    const free = runs.filter((_, i) => owners[i] === undefined || !options.isLive(owners[i]));
    return [...own, ...free];
  }

  /** Leases that a session may hold of a round, so that each gets its share. */
  shareOf(job: string, sessionSlots: number): number {
    const partition = this.#partitions.get(job);
    if (!partition) return 1;
    return Math.max(Math.ceil((partition.runs.length * sessionSlots) / partition.slots), 1);
  }

  took(job: string, session: string, lo: number): void {
    const partition = this.#partitions.get(job);
    const run = partition?.runs.findIndex(([from, to]) => from <= lo && lo < to) ?? -1;
    if (partition && run >= 0) partition.owners[run] = session;
  }

  forget(job: string): void {
    this.#partitions.delete(job);
  }

  #partition(view: JobView, slots: number): Partition {
    const { id } = view.spec;
    const recordMs = this.#sizing.unitMs(id, "map");
    const { tasks } = view.stage;
    const known = this.#partitions.get(id);
    const measured = recordMs !== undefined;
    const stands = known?.slots === slots && known.runs.at(-1)?.[1] === tasks;
    if (known && stands && (known.measured || !measured)) return known;
    const roundMs = recordMs === undefined ? undefined : recordMs * recordsOf(view, 0, tasks);
    const parts = partsOf(tasks, slots, roundMs);
    const runs = view.table ? splitEvenly(view.table, parts) : [[0, tasks] as const];
    const owners = runs.map(([lo, hi]) => known && ownerOf(known, lo, hi));
    const partition = { slots, measured, runs, owners };
    this.#partitions.set(id, partition);
    return partition;
  }
}

function partsOf(tasks: number, slots: number, roundMs: number | undefined): number {
  if (roundMs === undefined) return Math.min(slots * leasesPerSlot, tasks);
  if (roundMs < wholeRoundMs) return 1;
  const perSlot = Math.round(roundMs / slots / leaseTargetMs);
  return Math.min(slots * Math.min(Math.max(perSlot, 1), leasesPerSlot), tasks);
}

/** Cuts all tasks into at most `parts` runs of about equal records, none longer than a lease may be. */
export function splitEvenly(table: TaskTable, parts: number): Run[] {
  const last = table.slice(table.tasks - 1);
  const records = last.record + last.to - last.from;
  const runs: Run[] = [];
  let lo = 0;
  for (let task = 0; task < table.tasks; task++) {
    const { record, from, to } = table.slice(task);
    const full = (record + to - from) * parts >= records * (runs.length + 1);
    const isLast = task === table.tasks - 1;
    if (full || isLast || task + 1 - lo === leaseTasksMax) {
      runs.push([lo, task + 1]);
      lo = task + 1;
    }
  }
  return runs;
}

/** Who held the larger part of a run's first half before the runs were cut anew. */
function ownerOf(known: Partition, lo: number, hi: number): string | undefined {
  const middle = (lo + hi) >> 1;
  return known.owners[known.runs.findIndex(([from, to]) => from <= middle && middle < to)];
}
