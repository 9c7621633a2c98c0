import { GridError } from "../../protocol/errors.ts";
import type { Job, JobSummary } from "../../protocol/http-jobs.ts";
import type { JobRunner } from "../../protocol/http-live.ts";
import { endedStatuses, type JobState } from "../../protocol/job.ts";
import { creditsOf } from "../../protocol/money.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { JobRow } from "../catalog/jobs.ts";
import type { MoneyView } from "../payments/view.ts";
import type { Jobs, JobWorker } from "../ports.ts";
import type { FunctionNames } from "./function-names.ts";
import { jobOf, lostJobOf, summaryOf } from "./job-view.ts";
import type { Metrics } from "./metrics.ts";
import { jobRunners } from "./runner-names.ts";
import type { Viewer } from "./viewer.ts";

export interface JobReaderOptions {
  catalog: Catalog;
  names: FunctionNames;
  jobs: Jobs;
  /** What people call the pool of a spec. */
  poolName: (pool: string | undefined) => string;
  /** What a job pays; undefined when it is free, or this is no longer kept. */
  money: (job: string) => MoneyView | undefined;
  /** Runners at work on it. */
  workersOn: (job: string) => readonly JobWorker[];
  metrics: Metrics;
  clock: () => number;
}

const reconciledMax = 20_000;

export function noSuchJob(id: string): GridError {
  return new GridError("not-found", `There is no job ${id}.`, {
    name: id,
    hint: "GET /v1/jobs lists your jobs that are kept.",
  });
}

/** Joins what the store knows of a job now with what the catalog keeps of it. */
export class JobReader {
  readonly #options: JobReaderOptions;

  constructor(options: JobReaderOptions) {
    this.#options = options;
  }

  /** For whoever may see it. @throws GridError not-found */
  readFor(viewer: Viewer, id: string): Promise<Job> {
    return this.#view(this.row(viewer, id));
  }

  /** Whosever it is. @throws GridError not-found */
  async read(id: string): Promise<Job> {
    const row = this.#options.catalog.jobs.find(id);
    if (!row) throw noSuchJob(id);
    return this.#view(row);
  }

  /** @throws GridError not-found, for what is someone else's, too */
  row({ account, all }: Viewer, id: string): JobRow {
    const row = this.#options.catalog.jobs.find(id);
    if (!row || (row.owner !== account && !all)) throw noSuchJob(id);
    return row;
  }

  summary(row: JobRow): JobSummary {
    return summaryOf(row, this.#nameOf(row));
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
    const final: Job = { ...lostJobOf(row, this.#nameOf(row)), status: "failed", error, endedAt };
    catalog.jobs.ended(id, final, endedAtMs, error);
  }

  async #view(row: JobRow): Promise<Job> {
    const name = this.#nameOf(row);
    const { catalog, jobs, poolName, money, clock } = this.#options;
    // What a job cost is settled when it has ended, and its last view is written.
    if (row.final)
      return {
        ...row.final,
        function: name,
        cost: creditsOf(row.costMicro),
        ...money(row.id),
      };
    const state = await jobs.read(row.id);
    // Between the catalog's insert and the store's create there is no state yet.
    if (!state) return catalog.jobs.find(row.id)?.final ?? lostJobOf(row, name);
    return this.#note(row, state, {
      ...jobOf(state, jobs.waitingFor(state), clock()),
      ...(endedStatuses.has(state.status) ? {} : { runners: this.#runnersOf(state) }),
      function: name,
      pool: poolName(state.spec.pool),
      ...money(row.id),
    });
  }

  #runnersOf({ spec: { id, owner } }: JobState): JobRunner[] {
    return jobRunners({ id, owner }, this.#options.workersOn(id));
  }

  #nameOf({ functionOwner, function: name }: JobRow): string {
    return this.#options.names.full(functionOwner, name);
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
