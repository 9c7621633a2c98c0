import { and, count, desc, eq, lt } from "drizzle-orm";
import type { z } from "zod";
import { GridError } from "../../protocol/errors.ts";
import type { PayoutState, payoutRequestSchema } from "../../protocol/http-payouts.ts";
import { microOf } from "../../protocol/money.ts";
import type { Database } from "../database/open.ts";
import type { Ledger } from "../ledger/port.ts";
import { type PayoutEvent, stepPayout } from "./payout.ts";
import type { PaymentOrder, PayoutProvider } from "./provider.ts";
import type { Rates } from "./rates.ts";
import { type PayoutRow, payouts } from "./schema.ts";
import { agreedWorth } from "./worth.ts";

/** Requests of one account that are open at once. */
const openMax = 20;
/** A payout waits for the operator, however long: its credits do not return by themselves. The year 9999. */
const neverMs = 253_402_300_799_000;

export interface PayoutFilter {
  /** Of everybody when absent. */
  account?: string | undefined;
  state?: PayoutState | undefined;
  cursor?: string | undefined;
  limit: number;
}

export interface PayoutsOptions {
  database: Database;
  ledger: Ledger;
  rates: Rates;
  provider: PayoutProvider;
  clock: () => number;
}

/**
 * Credits for money. The credits are set aside by a pending transfer for as long as the request is open, and its row and
 * its transfer change in one transaction: there is no moment at which one has ended and the other has not.
 */
export class Payouts {
  readonly #options: PayoutsOptions;

  constructor(options: PayoutsOptions) {
    this.#options = options;
  }

  /**
   * Sets the credits aside, at the rate that holds now. The same id again gives the payout that was made under it.
   * @throws GridError bad-request (no such currency, below the minimum), conflict (another rate than agreed to, too many
   *   open), insufficient-credits
   */
  request(id: string, account: string, asked: z.output<typeof payoutRequestSchema>): PayoutRow {
    const { database, ledger, rates, provider, clock } = this.#options;
    return database.transaction(() => {
      const known = this.#find(id);
      if (known) return known;
      const rate = rates.current(asked.currency);
      if (asked.rate !== undefined && asked.rate !== rate.id)
        throw new GridError("conflict", `The rate for ${rate.currency} has changed.`, {
          name: "rate",
          hint: `Now ${rate.id} holds; look at it and ask again.`,
        });
      const micro = microOf(asked.credits);
      const worth = agreedWorth(micro, rate);
      const { currency, decimals } = rate;
      const { destination } = asked;
      provider.check({ account, currency, decimals, destination, ...worth });
      if (this.countOpen(account) >= openMax)
        throw new GridError("conflict", `There are ${openMax} open payouts already.`, {
          limit: openMax,
          hint: "Wait for the operator, or withdraw one.",
        });
      const row: PayoutRow = {
        id,
        account,
        state: "requested",
        micro,
        currency,
        decimals,
        rate: rate.id,
        ...worth,
        destination,
        requestedAtMs: clock(),
        payingSinceMs: null,
        endedAtMs: null,
        endedBy: null,
        reference: null,
        reason: null,
      };
      database.drizzle.insert(payouts).values(row).run();
      ledger.apply([
        {
          id: transferOf(id),
          kind: "payout",
          debit: `wallet:${account}`,
          credit: "paid",
          micro,
          about: { payout: id },
          pendingUntilMs: neverMs,
        },
      ]);
      return row;
    });
  }

  /** @param account whose it must be, for a member. @throws GridError not-found */
  get(id: string, account?: string): PayoutRow {
    const row = this.#find(id);
    if (!row || (account !== undefined && row.account !== account))
      throw new GridError("not-found", `There is no payout ${id}.`, { name: id });
    return row;
  }

  /** Newest first. */
  list({ account, state, cursor, limit }: PayoutFilter): PayoutRow[] {
    return this.#options.database.drizzle
      .select()
      .from(payouts)
      .where(
        and(
          account === undefined ? undefined : eq(payouts.account, account),
          state === undefined ? undefined : eq(payouts.state, state),
          cursor === undefined ? undefined : lt(payouts.id, cursor),
        ),
      )
      .orderBy(desc(payouts.id))
      .limit(limit)
      .all();
  }

  /** The member takes it back. @throws GridError not-found, conflict (ended otherwise, being paid) */
  withdraw(id: string, account: string): PayoutRow {
    this.get(id, account);
    return this.#step(id, { type: "withdraw", by: account, atMs: this.#options.clock() });
  }

  /**
   * Pays it, or begins to: without a reference the manual provider has begun, and from then on the member cannot withdraw
   * what the operator is just sending.
   * @throws GridError not-found, conflict (ended otherwise), what the provider throws
   */
  async pay(id: string, by: string, reference: string | undefined): Promise<PayoutRow> {
    const { provider, clock } = this.#options;
    const row = this.get(id);
    // Checked before money moves; the mark keeps it so until it has.
    if (row.state !== "requested" && reference !== undefined)
      return this.#step(id, { type: "pay", reference, by, atMs: clock() });
    this.#step(id, { type: "begin", atMs: clock() });
    let payment: Awaited<ReturnType<PayoutProvider["pay"]>>;
    try {
      payment = await provider.pay(orderOf(row), reference);
    } catch (error) {
      if (error instanceof GridError && row.payingSinceMs === null) this.#unmark(id);
      throw error;
    }
    if (payment.state === "begun") return this.get(id);
    return this.#step(id, { type: "pay", reference: payment.reference, by, atMs: clock() });
  }

  /** The credits return. @throws GridError not-found, conflict (ended otherwise) */
  reject(id: string, by: string, reason: string): PayoutRow {
    this.get(id);
    return this.#step(id, { type: "reject", reason, by, atMs: this.#options.clock() });
  }

  #find(id: string): PayoutRow | undefined {
    const { drizzle } = this.#options.database;
    return drizzle.select().from(payouts).where(eq(payouts.id, id)).get();
  }

  /** Those that wait for the operator: an account's, or everybody's. */
  countOpen(account?: string): number {
    const open = this.#options.database.drizzle
      .select({ count: count() })
      .from(payouts)
      .where(
        and(
          account === undefined ? undefined : eq(payouts.account, account),
          eq(payouts.state, "requested"),
        ),
      )
      .get();
    return open?.count ?? 0;
  }

  #step(id: string, event: PayoutEvent): PayoutRow {
    const { database, ledger } = this.#options;
    return database.transaction(() => {
      const patch = stepPayout(this.get(id), event);
      if (!patch) return this.get(id);
      database.drizzle.update(payouts).set(patch).where(eq(payouts.id, id)).run();
      if (patch.state === "paid") ledger.post(transferOf(id));
      else if (patch.state !== undefined) ledger.void(transferOf(id));
      return this.get(id);
    });
  }

  #unmark(id: string): void {
    this.#options.database.drizzle
      .update(payouts)
      .set({ payingSinceMs: null })
      .where(and(eq(payouts.id, id), eq(payouts.state, "requested")))
      .run();
  }
}

function transferOf(payout: string): string {
  return `payout:${payout}`;
}

function orderOf({ id, account, currency, decimals, amountMinor, destination }: PayoutRow) {
  return { id, account, currency, decimals, amountMinor, destination } satisfies PaymentOrder;
}
