import { LRUCache } from "lru-cache";
import { type Basis, deriveRate } from "./derive.ts";
import { type Observation, Observations } from "./observations.ts";
import type { RateRow, RateRows } from "./rows.ts";

/** What is observed is written, and rates are derived from it, so often. */
const deriveEveryMs = 10_000;
/** A version's rate changes at most so often, so that it cannot be driven far in a short time. */
const stepEveryMs = 600_000;
const ratesCached = 5_000;
/** Observations that were not renewed for so long are forgotten. */
const observationsKeptMs = 90 * 24 * 3_600_000;
const trimEveryMs = 3_600_000;

export interface RatesOptions {
  rows: RateRows;
  transaction: <T>(work: () => T) => T;
  /** Of a version that has none of its own: microcredits for 10^9 fuel. */
  baseMicro: number;
  /** Whose machines are the reference. */
  referenceOwner: string;
  clock: () => number;
  log: { warn(fields: object, text: string): void; info(fields: object, text: string): void };
}

export interface PublishedRate {
  version: string;
  rateMicro: number;
  basis: Basis;
  /** Absent for the platform's. */
  validFromMs?: number;
  /** Owners of the machines that it was derived from. */
  owners: number;
}

/** The published rates, and how they come to be. Jobs keep the rate that they were submitted with. */
export class Rates {
  readonly #options: RatesOptions;
  readonly #observations = new Observations();
  readonly #rates = new LRUCache<string, PublishedRate>({ max: ratesCached });
  readonly #timer: NodeJS.Timeout;
  #trimmedMs = Number.NEGATIVE_INFINITY;

  constructor(options: RatesOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), deriveEveryMs);
    this.#timer.unref();
  }

  /** By version: its digest. What is known already answers from memory. */
  rateOf(version: string): PublishedRate {
    const known = this.#rates.get(version);
    if (known) return known;
    const [row] = this.#options.rows.history(version, 1);
    const rate = row ? published(row) : this.#base(version);
    this.#rates.set(version, rate);
    return rate;
  }

  /** The rates that a version has had, newest first. */
  history(version: string, limit: number): PublishedRate[] {
    return [
      ...this.#options.rows.history(version, limit).map(published),
      this.#base(version),
    ].slice(0, limit);
  }

  /** On the fastest paths: it takes note, no more. */
  observe(observation: Observation): void {
    const { version } = observation;
    if (!this.#observations.isKnown(version))
      this.#observations.restore(this.#options.rows.windows(version));
    this.#observations.observe(observation);
  }

  /** Writes what was observed and derives rates from it. */
  derive(): void {
    const { rows, transaction, clock } = this.#options;
    const changed = this.#observations.takeChanged();
    if (changed.length === 0) return;
    transaction(() => {
      const nowMs = clock();
      for (const window of changed) rows.keep(window, nowMs);
      for (const version of new Set(changed.map((window) => window.version)))
        this.#step(version, nowMs);
    });
  }

  close(): void {
    clearInterval(this.#timer);
    this.derive();
  }

  #tick(): void {
    const { rows, clock, log } = this.#options;
    try {
      this.derive();
      const nowMs = clock();
      if (nowMs - this.#trimmedMs < trimEveryMs) return;
      this.#trimmedMs = nowMs;
      rows.trim(nowMs - observationsKeptMs);
    } catch (error) {
      log.warn({ err: error }, "rates could not be derived");
    }
  }

  #step(version: string, nowMs: number): void {
    const { rows, referenceOwner, log } = this.#options;
    const current = this.rateOf(version);
    // A clock that was set back must not make a rate older than the one that it replaces.
    if (current.validFromMs !== undefined && nowMs < current.validFromMs + stepEveryMs) return;
    const observed = this.#observations.of(version);
    const next = deriveRate(current, observed, referenceOwner);
    if (!next) return;
    const owners = next.basis === "reference" ? 1 : observed.length;
    const row: RateRow = { version, validFromMs: nowMs, ...next, owners };
    rows.add(row);
    this.#rates.set(version, published(row));
    log.info({ version, from: current.rateMicro, to: next.rateMicro, basis: next.basis }, "rate");
  }

  #base(version: string): PublishedRate {
    return { version, rateMicro: this.#options.baseMicro, basis: "base", owners: 0 };
  }
}

function published({ version, rateMicro, basis, validFromMs, owners }: RateRow): PublishedRate {
  return { version, rateMicro, basis, validFromMs, owners };
}
