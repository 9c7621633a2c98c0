import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import { type Digest, digestOf } from "../../protocol/digest.ts";
import { GridError } from "../../protocol/errors.ts";
import type { JobState, Output } from "../../protocol/job.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { JobRow } from "../catalog/jobs.ts";
import { paramsAfter } from "../jobs/job-view.ts";
import { keyOf, type Payments } from "../payments/index.ts";
import { isFree } from "../payments/orders.ts";
import type { Gateway, Jobs } from "../ports.ts";
import type { Store } from "../store/port.ts";

/** At most one value of a job in so long, however fast rounds go by: each costs a call. */
const makeEveryMs = 25;
/** So rarely while all who ask are in haste: a new value is also read anew by the runners of those calls. */
const hasteEveryMs = 100;
/** While a job runs, who is in haste takes a value that was begun no longer ago than this, while the next is made. */
const hasteMsMax = 250;
const callMsMax = 30_000;
/** A state that takes longer than this to carry is nothing to look at live. */
export const stateBytesMax = 4 * 1024 * 1024;
const bytesKeptMax = 64 * 1024 * 1024;
const jobsKeptMax = 1_000;
/** Values of one job that are kept: calls that are under way may still ask for those before the newest. */
const valuesKept = 4;
/** A round may end between two reads. */
const readsMax = 10;

/** What an iterate job would result in, had it ended with that round. */
export interface LatestValue {
  round: number;
  /** JSON, UTF-8, and its digest. */
  bytes: Buffer;
  digest: Digest;
}

export interface LatestValuesOptions {
  store: Store;
  jobs: Jobs;
  gateway: () => Pick<Gateway, "call">;
  catalog: Catalog;
  payments: () => Pick<Payments, "orders" | "meter">;
  clock: () => number;
}

interface Known {
  madeAtMs: number;
  /** Which state, and with which parameters. */
  of: string;
  value: Promise<LatestValue>;
}

interface Made {
  madeAtMs: number;
  value: LatestValue;
}

/**
 * The values of jobs as they run. A state is the function's own, packed; what it stands for is what the function's
 * `finish` makes of it, on a runner, as a call that the job's owner makes. Values live in memory alone: the newest few
 * of a job, named by their digest, for runners to fetch.
 */
export class LatestValues {
  readonly #options: LatestValuesOptions;
  readonly #known = new LRUCache<string, Known>({ max: jobsKeptMax });
  /** The newest that is there, while the next is perhaps being made. */
  readonly #made = new LRUCache<string, Made>({ max: jobsKeptMax });
  readonly #kept = new LRUCache<string, Digest[]>({ max: jobsKeptMax });
  readonly #bytes = new LRUCache<Digest, Buffer>({
    maxSize: bytesKeptMax,
    sizeCalculation: (bytes) => Math.max(bytes.byteLength, 1),
  });

  constructor(options: LatestValuesOptions) {
    this.#options = options;
  }

  /** The bytes of a value that is kept. */
  blob(digest: Digest): Buffer | undefined {
    return this.#bytes.get(digest);
  }

  /**
   * @param haste while the job runs: rather one that is a little old than to wait for the newest, which takes a call
   * @throws GridError not-iterative, wrong-input, result-not-ready before the first round, result-gone, and what a call
   *   throws
   */
  async of(row: JobRow, { haste = false } = {}): Promise<LatestValue> {
    const { clock } = this.#options;
    const askedAtMs = clock();
    const { id } = row;
    let found = await this.#find(id);
    const made = haste && found.state.status === "running" ? this.#made.get(id) : undefined;
    if (made !== undefined && askedAtMs - made.madeAtMs <= hasteMsMax) {
      const isOld = askedAtMs - made.madeAtMs >= hasteEveryMs;
      if (isOld && this.#waitMs(id, found) <= 0) this.#begin(row, found).catch(() => undefined);
      return made.value;
    }
    for (;;) {
      const waitMs = this.#waitMs(id, found);
      if (waitMs <= 0) break;
      const known = this.#known.get(id)!;
      // One that was begun since is as new as was asked for.
      if (haste || known.madeAtMs > askedAtMs) return known.value;
      await sleep(waitMs);
      found = await this.#find(id);
    }
    return this.#begin(row, found);
  }

  /** How long until a value of this state may be begun; none when it has been. */
  #waitMs(id: string, { of }: Found): number {
    const known = this.#known.get(id);
    if (!known || known.of === of) return 0;
    return known.madeAtMs + makeEveryMs - this.#options.clock();
  }

  /** The value of this state: as it is being made, or made now. */
  #begin(row: JobRow, found: Found): Promise<LatestValue> {
    const { id } = row;
    const same = this.#known.get(id);
    if (same?.of === found.of) return same.value;
    const madeAtMs = this.#options.clock();
    const value = this.#make(row, found);
    this.#known.set(id, { madeAtMs, of: found.of, value });
    value.then(
      (is) => {
        if ((this.#made.get(id)?.madeAtMs ?? 0) <= madeAtMs)
          this.#made.set(id, { madeAtMs, value: is });
      },
      () => {
        if (this.#known.get(id)?.value === value) this.#known.delete(id);
      },
    );
    return value;
  }

  /** The newest state, or the result. */
  async #find(id: string): Promise<Found> {
    for (let reads = 0; reads < readsMax; reads++) {
      const state = await this.#options.jobs.read(id);
      if (!state) throw new GridError("result-gone", `Job ${id} is no longer kept.`);
      requireValue(state);
      if (state.status === "succeeded") return { of: "result", state, output: undefined };
      const { stage, spec, paramChanges = [] } = state;
      if (stage.state === undefined)
        throw new GridError("result-not-ready", `Job ${id} has made no state yet.`, {
          hint: "It has one when its first round begins.",
        });
      const select = { level: 0, from: 0, to: 1 };
      const [output] = await this.#options.store.jobs.outputs(spec.id, stage.state, select);
      const inForce = paramChanges.filter(({ round }) => round !== undefined).length;
      if (output) return { of: `${output.hash} ${inForce}`, state, output };
    }
    throw new GridError("result-gone", `The state of job ${id} is gone.`);
  }

  async #make(row: JobRow, { state, output }: Found): Promise<LatestValue> {
    const { stage } = state;
    const bytes = output ? await this.#finish(row, state, output) : await this.#result(row.id);
    const round = output && stage.entry !== "finish" ? stage.round - 1 : stage.round;
    const digest = digestOf(bytes);
    this.#keep(row.id, digest, bytes);
    return { round, bytes, digest };
  }

  async #result(id: string): Promise<Buffer> {
    return buffer((await this.#options.jobs.result(id)).body);
  }

  async #finish(row: JobRow, { spec, paramChanges = [] }: JobState, output: Output) {
    const { store, gateway, payments } = this.#options;
    if (output.bytes > stateBytesMax)
      throw new GridError("body-too-large", "The state is too large to be shown while it runs.", {
        limit: stateBytesMax,
      });
    const state = output.inline ?? (await store.blobs.get(output.hash));
    if (!state) throw new GridError("result-gone", `The state of job ${row.id} is gone.`);
    const inForce = paramChanges.filter(({ round }) => round !== undefined).length;
    const { orders, meter } = payments();
    const version = this.#priced(row, spec.function);
    const terms = { ...orders.terms(version, spec.owner), author: version.owner };
    const admission = isFree(spec)
      ? undefined
      : meter.admit(spec.owner, keyOf(version), { ...terms, function: version.function });
    try {
      const { body } = await gateway().call({
        owner: spec.owner,
        pool: spec.pool,
        function: spec.function,
        version: spec.version,
        bundle: spec.bundle,
        input: "",
        state,
        params: paramsAfter(spec, paramChanges, inForce),
        uses: spec.uses,
        seed: spec.seed,
        limits: spec.limits,
        output: spec.output,
        roundsMax: spec.roundsMax,
        signal: AbortSignal.timeout(callMsMax),
      });
      return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    } finally {
      admission?.end();
    }
  }

  #priced({ functionOwner, function: name, version: digest }: JobRow, publicName: string) {
    const { functions } = this.#options.catalog;
    const row = functions.find(functionOwner, name);
    const version = row && functions.version(row.id, digest);
    if (!version) throw new GridError("not-found", `There is no function ${publicName} any more.`);
    const { royaltyBasisPoints } = version;
    return { digest, owner: functionOwner, function: publicName, royaltyBasisPoints };
  }

  #keep(job: string, digest: Digest, bytes: Buffer): void {
    const kept = (this.#kept.get(job) ?? []).filter((one) => one !== digest);
    this.#bytes.set(digest, bytes);
    for (const old of kept.splice(0, Math.max(kept.length + 1 - valuesKept, 0)))
      this.#bytes.delete(old);
    this.#kept.set(job, [...kept, digest]);
  }
}

interface Found {
  of: string;
  state: JobState;
  /** Absent: the job has its result. */
  output: Output | undefined;
}

function requireValue({ spec }: JobState): void {
  if (spec.kind !== "iterate")
    throw new GridError(
      "not-iterative",
      `Job ${spec.id} is of kind ${spec.kind} and has no state.`,
    );
  if (spec.output.type !== "json")
    throw new GridError(
      "wrong-input",
      `Job ${spec.id} gives ${spec.output.contentType}, not a value.`,
    );
}
