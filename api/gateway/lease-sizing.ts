import { LRUCache } from "lru-cache";
import type { Kind, Stage } from "../../protocol/job.ts";
import { leaseTargetMs, leaseTasksMax } from "../../protocol/limits.ts";

/** Weight of the newest measurement. */
const newest = 0.3;
/** A lease of an iterative round below this is not worth splitting: one a slot, so that few messages carry a round. */
const roundLeaseMs = 10;
/** A round of less work than this is faster on one slot: a second one costs two more messages on every hop. */
const wholeRoundMs = 0.5;
/** Leases a slot at most, to balance slots of different speed within one round or stage. */
export const leasesPerSlot = 4;

/**
 * How many tasks one lease carries, from measured task time. Only dispatch depends on it, never the result: tasks are
 * cut by planning. Guided self-scheduling (Polychronopoulos & Kuck 1987) for single-pass stages: a share of what is
 * left, so that leases shrink towards the end. Iterative rounds keep one stable partition, so that the shards that are
 * resident in an executor stay where they are.
 */
export class LeaseSizing {
  readonly #taskMs = new LRUCache<string, number>({ max: 20_000 });
  readonly #partitions = new LRUCache<string, { slots: number; tasks: number; measured: boolean }>({
    max: 10_000,
  });

  observe(job: string, entry: Stage["entry"], tasks: number, ms: number): void {
    const key = `${job} ${entry}`;
    const before = this.#taskMs.get(key);
    const now = ms / tasks;
    this.#taskMs.set(key, before === undefined ? now : before + newest * (now - before));
  }

  /** Mean compute time of one task, ms, once known. */
  taskMs(job: string, entry: Stage["entry"]): number | undefined {
    return this.#taskMs.get(`${job} ${entry}`);
  }

  tasksMax(job: string, kind: Kind, stage: Stage, remaining: number, slots: number): number {
    if (stage.entry !== "map") return 1;
    const taskMs = this.taskMs(job, stage.entry);
    if (kind === "iterate") return this.#roundPartition(job, stage, taskMs, slots);
    // Unknown cost: start with one task a lease and let the first answer tell.
    const byTime = taskMs === undefined ? 1 : Math.floor(leaseTargetMs / Math.max(taskMs, 0.001));
    const share = Math.ceil(remaining / (slots * 2));
    return clamp(Math.min(byTime, share), 1, leaseTasksMax);
  }

  #roundPartition(job: string, stage: Stage, taskMs: number | undefined, slots: number): number {
    const known = this.#partitions.get(job);
    const measured = taskMs !== undefined;
    if (known && known.slots === slots && (known.measured || !measured)) return known.tasks;
    if (measured && taskMs * stage.tasks < wholeRoundMs) {
      const tasks = Math.min(stage.tasks, leaseTasksMax);
      this.#partitions.set(job, { slots, tasks, measured });
      return tasks;
    }
    const slotMs = ((taskMs ?? roundLeaseMs) * stage.tasks) / slots;
    const parts = measured
      ? clamp(Math.round(slotMs / roundLeaseMs), 1, leasesPerSlot)
      : leasesPerSlot;
    const tasks = clamp(Math.ceil(stage.tasks / (slots * parts)), 1, leaseTasksMax);
    this.#partitions.set(job, { slots, tasks, measured });
    return tasks;
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
