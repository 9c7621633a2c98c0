import { GridError } from "../../protocol/errors.ts";
import { ownPool } from "../../protocol/http-pools.ts";
import type { JobSpec } from "../../protocol/job.ts";
import { microOf } from "../../protocol/money.ts";
import type { Ledger } from "../ledger/port.ts";
import { walletOf } from "./holds.ts";
import type { Rates } from "./rates/rates.ts";
import type { NewPayment } from "./rows.ts";
import type { Terms } from "./split.ts";

/** By what a version is paid. */
export interface Priced {
  digest: string;
  /** The account that wrote it. */
  owner: string;
  /** Its function's public name. */
  function: string;
  royaltyBasisPoints: number;
}

export interface OrdersOptions {
  ledger: Ledger;
  rates: Rates;
  feeBasisPoints: number;
  /** Of a job that names no budget. */
  budgetMicroDefault: number;
  /** What an estimate of the same job said that it costs at most, when there was one lately. */
  estimated: (spec: JobSpec) => number | undefined;
  /** What calls have cost an account and the ledger does not know yet. */
  unposted: (account: string) => number;
}

/** The rate itself. */
export const bidHundredthsDefault = 100;

/** What jobs and calls are to pay. */
export class Orders {
  readonly #options: OrdersOptions;

  constructor(options: OrdersOptions) {
    this.#options = options;
  }

  /** For whoever's job it is: an author owes himself no royalty. */
  terms(version: Priced, account: string, bidHundredths = bidHundredthsDefault): Terms {
    const { rates, feeBasisPoints } = this.#options;
    return {
      rateMicro: rates.rateOf(version.digest).rateMicro,
      bidHundredths,
      royaltyBasisPoints: version.owner === account ? 0 : version.royaltyBasisPoints,
      feeBasisPoints,
    };
  }

  /**
   * What a new job holds and pays; undefined for one on its owner's own machines, which is free.
   * @param budget credits; absent: what an estimate said, or the default, at most what the wallet has
   * @throws GridError insufficient-credits when the wallet is empty
   */
  of(spec: JobSpec, version: Priced, budget: number | undefined): NewPayment | undefined {
    if (isFree(spec)) return undefined;
    return {
      ...this.terms(version, spec.owner, spec.bidHundredths),
      job: spec.id,
      owner: spec.owner,
      author: version.owner,
      function: version.function,
      budgetMicro: budget === undefined ? this.#unsaid(spec) : microOf(budget),
      createdAtMs: spec.createdAtMs,
    };
  }

  #unsaid(spec: JobSpec): number {
    const { ledger, estimated, budgetMicroDefault, unposted } = this.#options;
    const { available } = ledger.balance(walletOf(spec.owner));
    const free = available - unposted(spec.owner);
    if (free <= 0)
      throw new GridError(
        "insufficient-credits",
        "The wallet is empty, and this job costs credits.",
        {
          available: 0,
          hint: 'Earn credits by lending a machine, or run on your own machines with pool "own".',
        },
      );
    return Math.min(estimated(spec) ?? budgetMicroDefault, free);
  }
}

/** As in a job's spec: absent means the owner's own machines. */
export function isFree({ pool }: { pool?: string | undefined }): boolean {
  return pool === undefined || pool === ownPool;
}
