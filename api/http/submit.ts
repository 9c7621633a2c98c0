import { GridError } from "../../protocol/errors.ts";
import type { SubmitRequest } from "../../protocol/http-jobs.ts";
import { hundredthsOf } from "../../protocol/http-payments.ts";
import type { JobLimits, JobSpec } from "../../protocol/job.ts";
import {
  bytesPerReducer,
  fuelPerTaskDefault,
  isolateMemoryMbDefault,
  reducersMax,
  roundsMaxDefault,
  taskTimeoutMsDefault,
} from "../../protocol/limits.ts";
import type { Principal } from "../accounts/principal.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { JobNote } from "../catalog/jobs.ts";
import { reducersFor } from "../jobs/plan.ts";
import type { Holds } from "../payments/holds.ts";
import type { Orders } from "../payments/orders.ts";
import type { NewPayment } from "../payments/rows.ts";
import type { PoolChoice } from "../pools/choice.ts";
import type { Jobs } from "../ports.ts";
import type { Quotas } from "../quotas/quotas.ts";
import type { Bindings } from "./bindings.ts";
import type { Inputs } from "./inputs.ts";
import type { Metrics } from "./metrics.ts";
import { fillParams } from "./params.ts";
import type { Version, Versions } from "./versions.ts";

export const seedDefault = 0;
/** Jobs that may be under way at once; one more is asked to come back later. */
export const activeJobsMax = 10_000;

export interface SubmitOptions {
  catalog: Catalog;
  jobs: Jobs;
  versions: Versions;
  bindings: Bindings;
  inputs: Inputs;
  poolChoice: PoolChoice;
  quotas: Quotas;
  orders: Orders;
  holds: Holds;
  metrics: Metrics;
  clock: () => number;
}

/** A job that a request would make. */
export interface Prepared {
  spec: JobSpec;
  version: Version;
  /** Ids of those that it reads. */
  datasets: string[];
}

/** Turns a request into a job. */
export class Submit {
  readonly #options: SubmitOptions;

  constructor(options: SubmitOptions) {
    this.#options = options;
  }

  /**
   * Checks everything, stores inline data, holds the budget, plans the job and notes it in the catalog. The same id again
   * changes nothing.
   * @throws GridError not-found, unknown-param, bad-param, missing-use, wrong-input, verify-unavailable, queue-full,
   *   insufficient-credits, quota-exceeded, …
   */
  async submit(id: string, principal: Principal, request: SubmitRequest): Promise<JobSpec> {
    this.#requireRoom(id, principal.account);
    const prepared = await this.prepare(id, principal, request);
    await this.accept(prepared, request);
    return prepared.spec;
  }

  /**
   * Holds the budget, plans the job and notes it in the catalog.
   * @throws GridError queue-full, quota-exceeded, insufficient-credits, store-unavailable
   */
  async accept(
    { spec, version, datasets }: Prepared,
    { budget, paused }: Pick<SubmitRequest, "budget" | "paused">,
  ): Promise<void> {
    const { catalog, orders } = this.#options;
    this.#requireRoom(spec.id, spec.owner);
    const payment = catalog.jobs.find(spec.id) ? undefined : orders.of(spec, version, budget);
    const { owner, name } = version;
    const note = { function: { owner, name }, datasets, budget: payment?.budgetMicro };
    await this.#store(spec, note, payment, paused);
  }

  #requireRoom(id: string, account: string): void {
    const { catalog, quotas } = this.#options;
    if (catalog.jobs.find(id)) return;
    if (catalog.jobs.countActive() >= activeJobsMax)
      throw new GridError("queue-full", `${activeJobsMax} jobs are under way.`, {
        limit: activeJobsMax,
      });
    quotas.check(account, "activeJobs");
  }

  /**
   * What a request would make. Inline data is stored, as a dataset of this id alone.
   * @throws GridError as `submit`
   */
  async prepare(id: string, principal: Principal, request: SubmitRequest): Promise<Prepared> {
    const { catalog, versions, bindings, inputs, poolChoice, clock } = this.#options;
    refuseUnavailable(request);
    const known = catalog.jobs.find(id);
    // What was unsaid may mean something else by now; a repeat means what the first request meant.
    const pool = known?.spec.pool ?? poolChoice.resolve(principal, request.pool);
    const version = versions.find(principal, request.function, request.version);
    const { description } = version;
    const params = fillParams(description.params, request.params);
    const bound = await bindings.bind(principal, description.uses, request.uses);
    const input = await inputs.resolve(id, principal, version, request);
    const recordsPerTask = request.recordsPerTask ?? description.recordsPerTask;
    const spec: JobSpec = {
      id,
      owner: principal.account,
      pool,
      ...(request.bid === undefined ? {} : { bidHundredths: hundredthsOf(request.bid) }),
      kind: description.kind,
      function: version.function,
      version: version.digest,
      bundle: version.digest,
      input: input.spec,
      params,
      uses: bound.uses,
      seed: request.seed ?? seedDefault,
      memo: request.memo === false ? "renew" : "use",
      ...(recordsPerTask === undefined ? {} : { recordsPerTask }),
      reducers: reducersOf(version, input.spec),
      roundsMax: description.roundsMax ?? roundsMaxDefault,
      output: description.output,
      limits: limitsOf(request.limits),
      createdAtMs: known?.createdAtMs ?? clock(),
    };
    const datasets = input.dataset === undefined ? [] : [input.dataset];
    return { spec, version, datasets: [...datasets, ...bound.datasets] };
  }

  /** The catalog first: a job that the catalog does not know could never be found again; the other way is repaired. */
  async #store(
    spec: JobSpec,
    note: JobNote,
    payment: NewPayment | undefined,
    paused: boolean | undefined,
  ): Promise<void> {
    const { catalog, jobs, holds, poolChoice, quotas, metrics } = this.#options;
    const inserted = catalog.transaction(() => {
      // Once more: others of this account may have been prepared meanwhile.
      if (!catalog.jobs.find(spec.id)) quotas.check(spec.owner, "activeJobs");
      const outcome = catalog.jobs.insert(spec, note);
      // From here on the pool cannot be deleted.
      if (outcome === "created") poolChoice.confirm(spec);
      if (outcome === "created" && payment) holds.open(payment);
      catalog.blobRefs.hold(
        spec.id,
        Object.values(spec.uses).map((constant) => constant.digest),
      );
      return outcome;
    });
    try {
      await jobs.submit(spec, { paused });
    } catch (error) {
      if (inserted === "created")
        catalog.transaction(() => {
          catalog.jobs.remove(spec.id);
          catalog.blobRefs.release(spec.id);
          holds.undo(spec.id);
        });
      throw error;
    }
    if (inserted === "created") metrics.jobSubmitted(spec.kind);
  }
}

/** Limits of a job or call, as far as the request does not set its own. */
export function limitsOf(given: SubmitRequest["limits"]): JobLimits {
  return {
    fuelPerTask: given?.fuelPerTask ?? fuelPerTaskDefault,
    memoryMb: given?.memoryMb ?? isolateMemoryMbDefault,
    timeoutMs: given?.timeoutMs ?? taskTimeoutMsDefault,
  };
}

function reducersOf({ description }: Version, input: JobSpec["input"]): number {
  if (description.kind !== "mapReduce") return 1;
  const bytes = input.type === "range" ? 0 : input.bytes;
  const wanted = description.reducers ?? reducersFor(bytes, bytesPerReducer);
  return Math.min(Math.max(wanted, 1), reducersMax);
}

function refuseUnavailable({ verify }: SubmitRequest): void {
  if (verify !== undefined && verify !== "none")
    throw new GridError("verify-unavailable", `Verification by ${verify} is not available here.`, {
      hint: 'Leave "verify" out, or send "none". Results that nobody else must be trusted for come from "pool": "own".',
    });
}
