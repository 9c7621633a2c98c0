import { GridError } from "../../protocol/errors.ts";
import type { Job } from "../../protocol/http-jobs.ts";
import { endedStatuses, type JobState } from "../../protocol/job.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { JobRow } from "../catalog/jobs.ts";
import type { Jobs } from "../ports.ts";
import { jobOf, lostJobOf } from "./job-view.ts";
import type { Metrics } from "./metrics.ts";

export interface JobReaderOptions {
  catalog: Catalog;
  jobs: Jobs;
  /** What people call the pool of a spec. */
  poolName: (pool: string | undefined) => string;
  metrics: Metrics;
  clock: () => number;
}

const reconciledMax = 20_000;

/** Joins what the store knows of a job now with what the catalog keeps of it. */
export class JobReader {
  readonly #options: JobReaderOptions;

  constructor(options: JobReaderOptions) {
    this.#options = options;
  }

  /** @throws GridError not-found */
  async read(id: string): Promise<Job> {
    const row = this.row(id);
    if (row.final) return row.final;
    const { catalog, jobs, poolName, clock } = this.#options;
    const state = await jobs.read(id);
    // Between the catalog's insert and the store's create there is no state yet.
    if (!state) return catalog.jobs.find(id)?.final ?? lostJobOf(row);
    return this.#note(row, state, {
      ...jobOf(state, jobs.waitingFor(state), clock()),
      pool: poolName(state.spec.pool),
    });
  }

  /** @throws GridError not-found */
  row(id: string): JobRow {
    const row = this.#options.catalog.jobs.find(id);
    if (!row)
      throw new GridError("not-found", `There is no job ${id}.`, {
        name: id,
        hint: "GET /v1/jobs lists the jobs that are kept.",
      });
    return row;
  }

  /** Writes the present status of every job that the catalog takes for unfinished. */
  async reconcile(): Promise<void> {
    for (const id of this.#options.catalog.jobs.active(reconciledMax)) await this.read(id);
  }

  /** A job that the store has lost (its process died while it was being created) ends as such. */
  abandon(id: string): void {
    const { catalog, clock } = this.#options;
    const row = catalog.jobs.find(id);
    if (!row || row.ended) return;
    const error = new GridError("internal", "The job was lost before it was planned.").toBody();
    const endedAtMs = clock();
    const endedAt = new Date(endedAtMs).toISOString();
    const final: Job = { ...lostJobOf(row), status: "failed", error, endedAt };
    catalog.jobs.ended(id, final, endedAtMs, error);
  }

  #note(row: JobRow, state: JobState, job: Job): Job {
    const { catalog, metrics, clock } = this.#options;
    if (endedStatuses.has(state.status)) {
      catalog.jobs.ended(row.id, job, state.endedAtMs ?? clock(), state.error);
      metrics.jobEnded(state.status);
    } else if (row.status !== state.status)
      catalog.jobs.started(row.id, state.status, state.startedAtMs);
    return job;
  }
}
