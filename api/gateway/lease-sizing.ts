import { LRUCache } from "lru-cache";
import type { Stage } from "../../protocol/job.ts";
import { leaseTargetMs, leaseTasksMax } from "../../protocol/limits.ts";
import { type JobView, recordsOf } from "../jobs/job-view.ts";

/** Weight of the newest measurement. */
const newest = 0.3;

/**
 * How many tasks one lease carries, from measured task time. Only dispatch depends on it, never the result: tasks are
 * cut by planning. Guided self-scheduling (Polychronopoulos & Kuck 1987) for single-pass stages: a share of what is
 * left, so that leases shrink towards the end. Iterative rounds are cut by RoundPartitions instead.
 */
export class LeaseSizing {
  readonly #unitMs = new LRUCache<string, number>({ max: 20_000 });

  /** Work of so many units took so long. A unit is a record where tasks differ in size, else a task. */
  observe(job: string, entry: Stage["entry"], units: number, ms: number): void {
    const key = `${job} ${entry}`;
    const before = this.#unitMs.get(key);
    const now = ms / units;
    this.#unitMs.set(key, before === undefined ? now : before + newest * (now - before));
  }

  /** Mean compute time of one unit, ms, once known. */
  unitMs(job: string, entry: Stage["entry"]): number | undefined {
    return this.#unitMs.get(`${job} ${entry}`);
  }

  /** @param unitsPerTask mean of the tasks that remain: the first shards of a dataset are small, the last ones large */
  tasksMax(job: string, stage: Stage, remaining: number, slots: number, unitsPerTask = 1): number {
    if (stage.entry !== "map") return 1;
    const unitMs = this.unitMs(job, stage.entry);
    const taskMs = unitMs === undefined ? undefined : unitMs * unitsPerTask;
    // Unknown cost: start with one task a lease and let the first answer tell.
    const byTime = taskMs === undefined ? 1 : Math.floor(leaseTargetMs / Math.max(taskMs, 0.001));
    const share = Math.ceil(remaining / (slots * 2));
    return clamp(Math.min(byTime, share), 1, leaseTasksMax);
  }
}

/** Compute time of the whole round that a view is in, ms, once known. */
export function roundMsOf(view: JobView, sizing: Pick<LeaseSizing, "unitMs">): number | undefined {
  const recordMs = sizing.unitMs(view.spec.id, "map");
  return recordMs === undefined ? undefined : recordMs * recordsOf(view, 0, view.stage.tasks);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
