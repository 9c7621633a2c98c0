import { LRUCache } from "lru-cache";
import type { Stage } from "../../protocol/job.ts";
import { leaseTargetMs, leaseTasksMax } from "../../protocol/limits.ts";

/** Weight of the newest measurement. */
const newest = 0.3;
/** Leases a slot at most, to balance slots of different speed within one round or stage. */
export const leasesPerSlot = 4;

/**
 * How many tasks one lease carries, from measured task time. Only dispatch depends on it, never the result: tasks are
 * cut by planning. Guided self-scheduling (Polychronopoulos & Kuck 1987) for single-pass stages: a share of what is
 * left, so that leases shrink towards the end. Iterative rounds are cut by RoundPartitions instead.
 */
export class LeaseSizing {
  readonly #taskMs = new LRUCache<string, number>({ max: 20_000 });

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

  tasksMax(job: string, stage: Stage, remaining: number, slots: number): number {
    if (stage.entry !== "map") return 1;
    const taskMs = this.taskMs(job, stage.entry);
    // Unknown cost: start with one task a lease and let the first answer tell.
    const byTime = taskMs === undefined ? 1 : Math.floor(leaseTargetMs / Math.max(taskMs, 0.001));
    const share = Math.ceil(remaining / (slots * 2));
    return clamp(Math.min(byTime, share), 1, leaseTasksMax);
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
