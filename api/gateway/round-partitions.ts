import { LRUCache } from "lru-cache";
import { type Run, roundParts, splitEvenly } from "../../protocol/round-cut.ts";
import type { JobView } from "../jobs/job-view.ts";
import { type LeaseSizing, roundMsOf } from "./lease-sizing.ts";

interface Partition {
  slots: number;
  /** Made when the time of a task was known. */
  measured: boolean;
  runs: readonly Run[];
  /** The session that last held each run, and so has its shards resident. */
  owners: (string | undefined)[];
}

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
    const roundMs = roundMsOf(view, this.#sizing);
    const { tasks } = view.stage;
    const known = this.#partitions.get(id);
    const measured = roundMs !== undefined;
    const stands = known?.slots === slots && known.runs.at(-1)?.[1] === tasks;
    if (known && stands && (known.measured || !measured)) return known;
    const parts = roundParts(tasks, slots, roundMs);
    const runs = view.table ? splitEvenly(view.table, parts) : [[0, tasks] as const];
    const owners = runs.map(([lo, hi]) => known && ownerOf(known, lo, hi));
    const partition = { slots, measured, runs, owners };
    this.#partitions.set(id, partition);
    return partition;
  }
}

/** Who held the larger part of a run's first half before the runs were cut anew. */
function ownerOf(known: Partition, lo: number, hi: number): string | undefined {
  const middle = (lo + hi) >> 1;
  return known.owners[known.runs.findIndex(([from, to]) => from <= middle && middle < to)];
}
