import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { PayoutState } from "../../protocol/http-payouts.ts";

/** Published rates: append-only, held by triggers of the migration. */
export const payoutRates = sqliteTable(
  "payout_rates",
  {
    /** In the order in which they were published: of two for the same time, the later holds. */
    number: integer().primaryKey({ autoIncrement: true }),
    id: text().notNull().unique(),
    currency: text().notNull(),
    /** Millionths of a minor unit for one credit; 0: not exchanged any more. */
    minorMillionthsPerCredit: integer("minor_millionths_per_credit").notNull(),
    minimumMicro: integer("minimum_micro").notNull(),
    feeMinor: integer("fee_minor").notNull(),
    decimals: integer().notNull(),
    validFromMs: integer("valid_from_ms").notNull(),
    /** The operator's account. */
    createdBy: text("created_by").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  (table) => [index("payout_rates_currency").on(table.currency, table.validFromMs)],
);
export type RateRow = typeof payoutRates.$inferSelect;

/** Requests to exchange credits. The credits themselves are in the ledger: a pending transfer "payout:ID". */
export const payouts = sqliteTable(
  "payouts",
  {
    id: text().primaryKey(),
    account: text().notNull(),
    state: text().$type<PayoutState>().notNull(),
    micro: integer().notNull(),
    currency: text().notNull(),
    decimals: integer().notNull(),
    rate: text()
      .notNull()
      .references(() => payoutRates.id),
    grossMinor: integer("gross_minor").notNull(),
    feeMinor: integer("fee_minor").notNull(),
    amountMinor: integer("amount_minor").notNull(),
    destination: text().notNull(),
    requestedAtMs: integer("requested_at_ms").notNull(),
    /** Since when the operator is paying it. */
    payingSinceMs: integer("paying_since_ms"),
    endedAtMs: integer("ended_at_ms"),
    /** Account of who ended it. */
    endedBy: text("ended_by"),
    reference: text(),
    reason: text(),
  },
  (table) => [
    index("payouts_account").on(table.account, table.id),
    index("payouts_state").on(table.state, table.id),
  ],
);
export type PayoutRow = typeof payouts.$inferSelect;
