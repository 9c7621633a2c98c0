import type { JobSpec, JobStatus, PauseCause } from "../../../protocol/job.ts";
import type { JobStore, StatusChange } from "../port.ts";
import { type ActiveJob, hasEnded, type JobFacts } from "./active-job.ts";
import type { Journal } from "./journal.ts";
import { paused, resumed } from "./steering.ts";

export interface SteerOptions {
  active: Map<string, ActiveJob>;
  journal: Journal;
  garbageMade: () => void;
  changed: (id: string) => void;
}

/** The verbs that change what becomes of a job. What they were told happened is on disk before they are told. */
export class Steer implements Pick<JobStore, "setStatus" | "pause" | "resume" | "changeParams"> {
  readonly #options: SteerOptions;

  constructor(options: SteerOptions) {
    this.#options = options;
  }

  async setStatus(
    id: string,
    status: Exclude<JobStatus, "queued" | "paused">,
    options: StatusChange,
  ): Promise<"changed" | "already"> {
    const job = this.#options.active.get(id);
    if (!job || (status === "running" && job.facts.status !== "queued")) return "already";
    const { active, journal, garbageMade, changed } = this.#options;
    journal.admit();
    const before = job.facts;
    const ended = hasEnded(status);
    const { pauses: _, stepUntil: __, ...rest } = before;
    job.facts = ended ? { ...rest, status } : { ...before, status };
    if (status === "running") job.facts.startedAtMs ??= options.nowMs;
    if (ended) job.facts.endedAtMs = options.nowMs;
    if (options.error) job.facts.error = options.error;
    if (options.resultStage !== undefined) job.facts.resultStage = options.resultStage;
    const { drop = [] } = options;
    for (const stage of drop) journal.dropped(job, stage);
    journal.touched(job);
    if (ended) {
      this.#flushOr(job, before);
      active.delete(id);
    }
    if (drop.length > 0) garbageMade();
    changed(id);
    return "changed";
  }

  async pause(
    id: string,
    by: PauseCause,
    { reason }: { reason: string },
  ): Promise<"paused" | "held" | "already"> {
    const job = this.#options.active.get(id);
    const facts = job && paused(job.facts, by, reason);
    if (!facts) return "already";
    const outcome = job.facts.status === "paused" ? "held" : "paused";
    this.#replace(job, facts);
    return outcome;
  }

  async resume(
    id: string,
    by: PauseCause,
    options: { nowMs: number; rounds?: number },
  ): Promise<"resumed" | "held" | "already"> {
    const job = this.#options.active.get(id);
    const change = job && resumed(job.facts, by, options);
    if (!change) return "already";
    if (change.facts !== job.facts) this.#replace(job, change.facts);
    return change.outcome;
  }

  async changeParams(
    id: string,
    params: JobSpec["params"],
    { nowMs, changesMax }: { nowMs: number; changesMax: number },
  ): Promise<"changed" | "ended" | "full"> {
    const job = this.#options.active.get(id);
    if (!job) return "ended";
    const { paramChanges = [] } = job.facts;
    if (paramChanges.length >= changesMax) return "full";
    this.#replace(job, {
      ...job.facts,
      paramChanges: [...paramChanges, { params, atMs: nowMs }],
    });
    return "changed";
  }

  #replace(job: ActiveJob, facts: JobFacts): void {
    const { journal, changed } = this.#options;
    const before = job.facts;
    job.facts = facts;
    journal.touched(job);
    this.#flushOr(job, before);
    changed(job.spec.id);
  }

  /** @throws GridError store-unavailable, when the job is as it was before */
  #flushOr(job: ActiveJob, before: JobFacts): void {
    try {
      this.#options.journal.flush();
    } catch (error) {
      job.facts = before;
      throw error;
    }
  }
}
