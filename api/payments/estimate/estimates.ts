import { setTimeout as sleep } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import { GridError } from "../../../protocol/errors.ts";
import type { Estimate } from "../../../protocol/http-payments.ts";
import { type IdKind, newId } from "../../../protocol/ids.ts";
import { endedStatuses, type JobSpec, type JobState } from "../../../protocol/job.ts";
import type { Manifest } from "../../../protocol/manifest.ts";
import { creditsOf } from "../../../protocol/money.ts";
import type { Foreseen } from "../../memo/foresee.ts";
import type { Jobs } from "../../ports.ts";
import type { Earning, Store } from "../../store/port.ts";
import type { Admission } from "../call-meter.ts";
import { isFree, type Orders, type Priced } from "../orders.ts";
import { costOf, type Terms } from "../split.ts";
import { percentOf } from "../view.ts";
import { around, type Range, rangeOf } from "./fit.ts";
import { sampleDataset } from "./sampler.ts";

/** All runs of one estimate together. */
const timeMsMax = 5_000;
const lookEveryMs = 10;
const togetherMax = 4;
/** A range is run from its beginning for so much reference core time, unless it ends before. */
const rangeSeconds = 1;
/** Tasks of a range may differ: nobody has looked at its later ones. */
const rangeSpread = 0.5;
const knownMax = 1_000;
const knownMs = 600_000;

export interface EstimatesOptions {
  store: Store;
  jobs: Pick<Jobs, "submit" | "cancel">;
  /** Why nothing can run this job now, for people. */
  waitingFor: (spec: JobSpec) => string | undefined;
  /** Whether who asks can pay for the sample. @throws GridError insufficient-credits */
  admit: (spec: JobSpec, version: Priced) => Admission;
  orders: Orders;
  manifest: (digest: string) => Promise<Manifest>;
  /** Charges a sample's work as a call's. */
  charge: (spec: JobSpec, version: Priced, earned: readonly Earning[]) => void;
  /** What of a job's map is remembered, and so costs nothing. */
  foresee: (spec: JobSpec) => Promise<Foreseen>;
  clock: () => number;
}

/** A job that a request would make. */
export interface Prepared {
  spec: JobSpec;
  version: Priced;
}

interface Measured {
  /** One pass: the whole job, or a round. */
  pass: Range;
  records: number;
  exactFuel?: number | undefined;
}

/**
 * What a job will cost, from a sample of its own input, run on the machines that it would run on. Samples are paid like
 * calls, by who asks: were they free, or the platform's to pay, whoever lends a machine could live by estimates of his
 * own function.
 */
export class Estimates {
  readonly #options: EstimatesOptions;
  readonly #known = new LRUCache<string, number>({ max: knownMax, ttl: knownMs });
  #running = 0;

  constructor(options: EstimatesOptions) {
    this.#options = options;
  }

  /** The upper end of an estimate of the same job, microcredits, when one was made within the last minutes. */
  known(spec: JobSpec): number | undefined {
    return this.#known.get(keyOf(spec));
  }

  /** @throws GridError no-runner, queue-full, too-many-requests, and the function's own errors */
  async estimate({ spec, version }: Prepared): Promise<Estimate> {
    const { orders, admit, waitingFor } = this.#options;
    const waits = waitingFor(spec);
    if (waits !== undefined)
      throw new GridError("no-runner", `Nothing can run the sample. ${waits}`);
    if (this.#running >= togetherMax)
      throw new GridError("too-many-requests", `${togetherMax} estimates are under way.`, {
        limit: togetherMax,
      });
    const admission = isFree(spec) ? undefined : admit(spec, version);
    this.#running++;
    try {
      const terms = orders.terms(version, spec.owner, spec.bidHundredths);
      const deadlineMs = performance.now() + timeMsMax;
      const measured =
        spec.input.type === "range"
          ? await this.#measureRange(spec, version, terms, deadlineMs)
          : await this.#measureDataset(spec, version, terms, deadlineMs);
      const whole = estimateOf(spec, terms, measured);
      // What is remembered may be forgotten before the job begins: its budget covers all of it.
      this.#known.set(keyOf(spec), costOf(whole.fuel.high, terms));
      const remembered = await this.#options.foresee(spec);
      if (remembered.tasks === 0) return whole;
      return {
        ...estimateOf(spec, terms, without(measured, remembered, recordsOf(spec))),
        remembered,
      };
    } finally {
      this.#running--;
      admission?.end();
    }
  }

  async #measureDataset(
    spec: JobSpec,
    version: Priced,
    terms: Terms,
    deadlineMs: number,
  ): Promise<Measured> {
    const { store, manifest } = this.#options;
    const sampled = await sampleDataset(spec, {
      blobs: store.blobs,
      manifest,
      secondsPerRate: creditsOf(terms.rateMicro),
      run: async (sample) => {
        const { state, fuel } = await this.#run(sample, version, (at) => at < deadlineMs);
        return state.status === "succeeded" ? { fuel, rounds: state.stage.round } : undefined;
      },
    });
    const { model, records, exactFuel } = sampled;
    return { pass: rangeOf(model, recordsOf(spec)), records, exactFuel };
  }

  /** The job itself, from its beginning; most ranges are alike all along. */
  async #measureRange(
    spec: JobSpec,
    version: Priced,
    { rateMicro }: Terms,
    deadlineMs: number,
  ): Promise<Measured> {
    const fuelMax = (rangeSeconds * 1e9) / creditsOf(rateMicro);
    const goesOn = (at: number, state: JobState) => at < deadlineMs && state.fuel < fuelMax;
    const { state, fuel, tasks } = await this.#run(spec, version, goesOn);
    const { round, tasks: stageTasks } = state.stage;
    if (state.status === "succeeded") {
      const pass = around(Math.ceil(fuel / Math.max(round, 1)), 0);
      return { pass, records: recordsOf(spec), exactFuel: fuel };
    }
    if (tasks === 0)
      throw new GridError(
        "queue-full",
        "The sample was not done in time, so nothing can be said.",
        {
          hint: "A task takes long, or the machines are busy. Try again, or submit with a small budget.",
        },
      );
    const passTasks = Math.max(stageTasks, tasks);
    const records = Math.floor((recordsOf(spec) * tasks) / passTasks);
    return { pass: around(Math.ceil((fuel / tasks) * passTasks), rangeSpread), records };
  }

  async #run(
    like: JobSpec,
    version: Priced,
    goesOn: (atMs: number, state: JobState) => boolean,
  ): Promise<{ state: JobState; fuel: number; tasks: number }> {
    const { store, jobs, charge, clock } = this.#options;
    const id = newId("estimate" satisfies IdKind, clock());
    // It is to find out what work takes: nothing of it is taken from what is remembered.
    const { memo: _, ...work } = like;
    const spec: JobSpec = { ...work, id, createdAtMs: clock() };
    await jobs.submit(spec);
    try {
      let state = (await store.jobs.read(id))!;
      while (!endedStatuses.has(state.status)) {
        if (goesOn(performance.now(), state)) await sleep(lookEveryMs);
        else await jobs.cancel(id);
        state = (await store.jobs.read(id))!;
      }
      if (state.status === "failed" && state.error) throw GridError.fromBody(state.error);
      const earned = await store.jobs.earned(id);
      if (!isFree(spec)) charge(spec, version, earned);
      const fuel = earned.reduce((sum, one) => sum + one.fuel, 0);
      return { state, fuel, tasks: earned.reduce((sum, one) => sum + one.tasks, 0) };
    } finally {
      await jobs.cancel(id);
      await store.jobs.remove(id);
    }
  }
}

/** What is left of a job beside what is remembered of it. */
function without(
  { pass, records, exactFuel }: Measured,
  remembered: Foreseen,
  recordsOfAll: number,
): Measured {
  const share = Math.max(1 - remembered.records / Math.max(recordsOfAll, 1), 0);
  const left = {
    low: Math.floor(pass.low * share),
    expected: Math.ceil(pass.expected * share),
    high: Math.ceil(pass.high * share),
  };
  const exact = exactFuel === undefined ? undefined : Math.max(exactFuel - remembered.fuel, 0);
  return { pass: left, records, exactFuel: exact };
}

function estimateOf(spec: JobSpec, terms: Terms, { pass, records, exactFuel }: Measured): Estimate {
  const free = isFree(spec);
  const cost = ({ low, expected, high }: Range): Range => {
    const creditsFor = (fuel: number) => (free ? 0 : creditsOf(costOf(Math.ceil(fuel), terms)));
    return { low: creditsFor(low), expected: creditsFor(expected), high: creditsFor(high) };
  };
  const most = spec.kind === "iterate" ? roundsOf(spec) : 1;
  const fuel: Range =
    exactFuel === undefined
      ? { low: pass.low, expected: pass.expected * most, high: pass.high * most }
      : around(exactFuel, 0);
  return {
    fuel,
    cost: cost(fuel),
    rate: creditsOf(terms.rateMicro),
    bid: terms.bidHundredths / 100,
    royaltyPercent: percentOf(terms.royaltyBasisPoints),
    feePercent: percentOf(terms.feeBasisPoints),
    ...(spec.kind === "iterate" ? { rounds: { fuel: pass, cost: cost(pass), most } } : {}),
    sampledRecords: records,
    records: recordsOf(spec),
    free,
  };
}

/** By a parameter that is called so, as the SDK's examples have it; else what the definition allows. */
function roundsOf({ params, roundsMax }: JobSpec): number {
  const { rounds } = params;
  return typeof rounds === "number" && Number.isInteger(rounds) && rounds > 0
    ? Math.min(rounds, roundsMax)
    : roundsMax;
}

function recordsOf({ input }: JobSpec): number {
  return input.type === "range" ? input.count : input.records;
}

function keyOf({ owner, version, input, params, uses, bidHundredths }: JobSpec): string {
  return JSON.stringify([owner, version, input, params, uses, bidHundredths]);
}
