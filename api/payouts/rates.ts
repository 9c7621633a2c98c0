import { and, desc, eq, inArray, lt, lte, sql } from "drizzle-orm";
import type { z } from "zod";
import { GridError } from "../../protocol/errors.ts";
import type { PayoutRate, setRateRequestSchema } from "../../protocol/http-payouts.ts";
import { decimalsOf } from "../../protocol/minor-units.ts";
import { creditsOf, formatCredits, microOf } from "../../protocol/money.ts";
import { millionths, worthOf } from "../../protocol/payout-worth.ts";
import type { Database } from "../database/open.ts";
import { payoutRates, type RateRow } from "./schema.ts";

export interface RateFilter {
  currency?: string | undefined;
  /** Only those that hold now. */
  current: boolean;
  /** Rates with numbers before this; newest first. */
  before?: number | undefined;
  limit: number;
}

/** The operator's published rates, with their history: a new one ends the one before it, nothing is changed. */
export class Rates {
  readonly #database: Database;
  readonly #clock: () => number;

  constructor(database: Database, clock: () => number) {
    this.#database = database;
    this.#clock = clock;
  }

  /**
   * Publishes a rate; the same id again gives what was published under it.
   * @throws GridError bad-request for a time in the past, or terms by which the least payout pays nothing
   */
  publish(id: string, by: string, request: z.output<typeof setRateRequestSchema>): RateRow {
    const { drizzle, transaction } = this.#database;
    return transaction(() => {
      const known = drizzle.select().from(payoutRates).where(eq(payoutRates.id, id)).get();
      if (known) return known;
      const nowMs = this.#clock();
      const terms = {
        id,
        currency: request.currency,
        minorMillionthsPerCredit: Math.round(request.minorPerCredit * millionths),
        minimumMicro: microOf(request.minimum),
        feeMinor: request.fee,
        decimals: request.decimals ?? decimalsOf(request.currency),
        validFromMs: request.validFrom === undefined ? nowMs : Date.parse(request.validFrom),
        createdBy: by,
        createdAtMs: nowMs,
      };
      checkTerms(terms);
      return drizzle.insert(payoutRates).values(terms).returning().get();
    });
  }

  /** The rate that holds now. @throws GridError bad-request when there is none, naming the currencies that have one */
  current(currency: string): RateRow {
    const [row] = this.list({ currency, current: true, limit: 1 });
    if (row) return row;
    const offered = this.list({ current: true, limit: 20 }).map((rate) => rate.currency);
    throw new GridError("bad-request", `Credits are not exchanged for ${currency}.`, {
      name: "currency",
      hint:
        offered.length === 0
          ? "The operator has published no rate yet."
          : `They are for ${offered.join(", ")}.`,
    });
  }

  list({ currency, current, before, limit }: RateFilter): RateRow[] {
    return this.#database.drizzle
      .select()
      .from(payoutRates)
      .where(
        and(
          before === undefined ? undefined : lt(payoutRates.number, before),
          currency === undefined ? undefined : eq(payoutRates.currency, currency),
          current ? inArray(payoutRates.number, this.#currentNumbers()) : undefined,
        ),
      )
      .orderBy(desc(payoutRates.number))
      .limit(limit)
      .all();
  }

  toWire(): (row: RateRow) => PayoutRate {
    const current = new Set(this.#currentNumbers());
    return (row) => ({
      id: row.id,
      currency: row.currency,
      minorPerCredit: row.minorMillionthsPerCredit / millionths,
      minimum: creditsOf(row.minimumMicro),
      fee: row.feeMinor,
      decimals: row.decimals,
      validFrom: new Date(row.validFromMs).toISOString(),
      createdAt: new Date(row.createdAtMs).toISOString(),
      current: current.has(row.number),
    });
  }

  /** One for each currency, so there are few. */
  #currentNumbers(): number[] {
    const { drizzle } = this.#database;
    const ranked = drizzle
      .select({
        number: payoutRates.number,
        place:
          sql<number>`row_number() over (partition by ${payoutRates.currency} order by ${payoutRates.validFromMs} desc, ${payoutRates.number} desc)`.as(
            "place",
          ),
      })
      .from(payoutRates)
      .where(lte(payoutRates.validFromMs, this.#clock()))
      .as("ranked");
    return drizzle
      .select({ number: ranked.number })
      .from(ranked)
      .where(eq(ranked.place, 1))
      .all()
      .map(({ number }) => number);
  }
}

function checkTerms(rate: Omit<RateRow, "number">): void {
  if (rate.validFromMs < rate.createdAtMs)
    throw new GridError("bad-request", "A rate holds from now on, or later; the past stays.", {
      name: "validFrom",
      hint: "Leave it out for now.",
    });
  if (rate.minorMillionthsPerCredit === 0) return;
  if (worthOf(rate.minimumMicro, rate).amountMinor <= 0)
    throw new GridError(
      "bad-request",
      `The least payout, ${formatCredits(rate.minimumMicro)}, would pay nothing.`,
      { name: "minimum", hint: "Raise the minimum, or lower the fee." },
    );
}
