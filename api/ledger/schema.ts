import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { Phase, TransferKind } from "./port.ts";

/**
 * The ledger. Rows of `ledger_transfers` are all there is to know; the other tables follow from them. The migration adds
 * what Drizzle has no words for: STRICT tables, constraints, and the triggers that
 * - refuse every UPDATE and DELETE of a transfer,
 * - change balances when a transfer is inserted, and refuse any other change of them,
 * - let a pending transfer end once and as a whole.
 * They hold for whoever writes, by `INSERT OR REPLACE` too, and need no pragma of the connection.
 */

export const ledgerAccounts = sqliteTable(
  "ledger_accounts",
  {
    /** Counts from 1, which is the mint. */
    id: integer().primaryKey(),
    name: text().notNull(),
  },
  (table) => [uniqueIndex("ledger_accounts_name").on(table.name)],
);

/** Apart from the names, so that a transfer rewrites two rows of some twenty bytes. Made along with the account. */
export const ledgerBalances = sqliteTable("ledger_balances", {
  account: integer().primaryKey(),
  postedMicro: integer("posted_micro").notNull().default(0),
  /** Set aside by pending transfers from this account; still part of `postedMicro`. */
  pendingOutMicro: integer("pending_out_micro").notNull().default(0),
  pendingInMicro: integer("pending_in_micro").notNull().default(0),
  /** The last transfer that touched it; 0 when there is none. */
  last: integer().notNull().default(0),
});

export const ledgerTransfers = sqliteTable(
  "ledger_transfers",
  {
    /** 1, 2, 3 … without gaps: the order of the ledger, whatever the clock did. */
    number: integer().primaryKey(),
    /** The caller's; null in a row that ends a pending transfer. */
    id: text(),
    /** single: moves at once. pending: sets aside. post, void, expire: end the pending transfer that `ends` names. */
    phase: text().$type<Phase>().notNull(),
    kind: text().$type<TransferKind>().notNull(),
    debit: integer().notNull(),
    credit: integer().notNull(),
    /** Added to the credit account's posted balance, taken from the debit account's. */
    postedMicro: integer("posted_micro").notNull(),
    /** Added to what is pending between the two; below 0 when it ends. */
    pendingMicro: integer("pending_micro").notNull(),
    ends: integer(),
    pendingUntilMs: integer("pending_until_ms"),
    about: text(),
    atMs: integer("at_ms").notNull(),
    /**
     * The transfer that touched the account before this one: an account's history is a walk from its last. An index by
     * account would be written at random places, two for each transfer, which halved the rate (bench/ledger.ts).
     */
    debitBefore: integer("debit_before").notNull(),
    creditBefore: integer("credit_before").notNull(),
  },
  (table) => [
    uniqueIndex("ledger_transfers_id").on(table.id),
    uniqueIndex("ledger_transfers_ends").on(table.ends).where(sql`ends IS NOT NULL`),
  ],
);

/** Pending transfers that have not ended. */
export const ledgerPending = sqliteTable(
  "ledger_pending",
  {
    transfer: integer().primaryKey(),
    untilMs: integer("until_ms").notNull(),
  },
  (table) => [index("ledger_pending_until").on(table.untilMs)],
);
