import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { Basis } from "./rates/derive.ts";

/**
 * What jobs pay. The ledger has the money; this has what each job was submitted under and for how much fuel it has paid,
 * written in the same transactions as the transfers. Amounts are microcredits.
 */

/** One job that pays. Jobs on their owner's own machines pay nothing and have no row. */
export const jobPayments = sqliteTable(
  "job_payments",
  {
    job: text().primaryKey(),
    owner: text().notNull(),
    /** Whom the royalty goes to. */
    author: text().notNull(),
    function: text().notNull(),
    rateMicro: integer("rate_micro").notNull(),
    bidHundredths: integer("bid_hundredths").notNull(),
    royaltyBasisPoints: integer("royalty_basis_points").notNull(),
    feeBasisPoints: integer("fee_basis_points").notNull(),
    /** How often the hold was opened: once, and again after a submit that failed. Part of its transfers' ids. */
    opened: integer().notNull(),
    /** All that was ever put into the hold. */
    heldMicro: integer("held_micro").notNull(),
    workMicro: integer("work_micro").notNull().default(0),
    royaltyMicro: integer("royalty_micro").notNull().default(0),
    feeMicro: integer("fee_micro").notNull().default(0),
    /** Fuel that was paid for. */
    fuel: integer().notNull().default(0),
    /** Earned, and not covered by the hold. Of a closed job: what nobody has paid. */
    owedMicro: integer("owed_micro").notNull().default(0),
    /** Given back at the end. */
    releasedMicro: integer("released_micro").notNull().default(0),
    /** Why the job was paused for its money, for people. */
    pausedFor: text("paused_for"),
    createdAtMs: integer("created_at_ms").notNull(),
    /** All is paid and the rest is given back. */
    closedAtMs: integer("closed_at_ms"),
  },
  (table) => [index("job_payments_open").on(table.closedAtMs, table.job)],
);

/** What was paid to one earner of one job: all of it is the price of `fuel`. */
export const jobSettled = sqliteTable(
  "job_settled",
  {
    job: text().notNull(),
    /** protocol/earner.ts */
    earner: text().notNull(),
    fuel: integer().notNull(),
    workMicro: integer("work_micro").notNull(),
    royaltyMicro: integer("royalty_micro").notNull(),
    feeMicro: integer("fee_micro").notNull(),
  },
  (table) => [primaryKey({ columns: [table.job, table.earner] })],
);

/** The rates of versions, each from a time on. A version without any has the platform's. */
export const versionRates = sqliteTable(
  "version_rates",
  {
    version: text().notNull(),
    validFromMs: integer("valid_from_ms").notNull(),
    rateMicro: integer("rate_micro").notNull(),
    basis: text().$type<Basis>().notNull(),
    /** Owners of the machines that it was derived from. */
    owners: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.version, table.validFromMs] })],
);

/** What a version's work took on the machines of an owner (rates/observations.ts). */
export const rateObservations = sqliteTable(
  "rate_observations",
  {
    version: text().notNull(),
    owner: text().notNull(),
    spans: text({ mode: "json" }).$type<number[]>().notNull(),
    fuel: integer().notNull(),
    ms: integer().notNull(),
    updatedAtMs: integer("updated_at_ms").notNull(),
  },
  (table) => [primaryKey({ columns: [table.version, table.owner] })],
);

/** What each machine has earned (runner-earnings.ts), by quarter of an hour since the epoch; all of it in quarter 0. */
export const runnerEarnings = sqliteTable(
  "runner_earnings",
  {
    account: text().notNull(),
    runner: text().notNull(),
    quarter: integer().notNull(),
    micro: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.account, table.runner, table.quarter] }),
    index("runner_earnings_quarter").on(table.quarter),
  ],
);
