import type SQLite from "better-sqlite3";
import type { Phase, TransferKind } from "./port.ts";

/** A transfer with its end, when it has one, and the names of its accounts. */
export interface TransferRow {
  number: number;
  id: string;
  phase: "single" | "pending";
  kind: TransferKind;
  debit: string;
  credit: string;
  postedMicro: number;
  pendingMicro: number;
  pendingUntilMs: number | null;
  about: string | null;
  atMs: number;
  endPhase: Exclude<Phase, "single" | "pending"> | null;
  endPostedMicro: number | null;
}

export interface BalanceRow {
  posted: number;
  pendingOut: number;
  pendingIn: number;
  last: number;
}

export interface EndRow {
  pending: number;
  phase: "post" | "void" | "expire";
  postedMicro: number;
  atMs: number;
}

const rowColumns = `
  t.number, t.id, t.phase, t.kind, debit.name AS debit, credit.name AS credit, t.posted_micro AS postedMicro,
  t.pending_micro AS pendingMicro, t.pending_until_ms AS pendingUntilMs, t.about, t.at_ms AS atMs,
  e.phase AS endPhase, e.posted_micro AS endPostedMicro`;

const rowJoins = `
  JOIN ledger_accounts AS debit ON debit.id = t.debit
  JOIN ledger_accounts AS credit ON credit.id = t.credit
  LEFT JOIN ledger_transfers AS e ON e.ends = t.number`;

const last = "(SELECT last FROM ledger_balances WHERE account = ?)";

/**
 * Prepared once. Numbers of accounts are given twice where the row also says which transfer touched them before: a join
 * instead would make SQLite copy the row through a temporary table.
 */
export function prepareStatements(client: SQLite.Database) {
  return {
    insertSingle: client.prepare(
      `INSERT INTO ledger_transfers
         (id, phase, kind, debit, credit, posted_micro, pending_micro, about, at_ms, debit_before, credit_before)
       VALUES (?, 'single', ?, ?, ?, ?, 0, ?, ?, ${last}, ${last})`,
    ),
    insertPending: client.prepare(
      `INSERT INTO ledger_transfers
         (id, phase, kind, debit, credit, posted_micro, pending_micro, about, at_ms, debit_before, credit_before,
          pending_until_ms)
       VALUES (?, 'pending', ?, ?, ?, 0, ?, ?, ?, ${last}, ${last}, ?)`,
    ),
    insertEnd: client.prepare<[EndRow]>(
      `INSERT INTO ledger_transfers
         (phase, kind, debit, credit, posted_micro, pending_micro, ends, at_ms, debit_before, credit_before)
       SELECT @phase, p.kind, p.debit, p.credit, @postedMicro, -p.pending_micro, p.number, @atMs,
         (SELECT last FROM ledger_balances WHERE account = p.debit),
         (SELECT last FROM ledger_balances WHERE account = p.credit)
       FROM ledger_transfers AS p WHERE p.number = @pending`,
    ),
    find: client.prepare<[string], TransferRow>(
      `SELECT ${rowColumns} FROM ledger_transfers AS t ${rowJoins} WHERE t.id = ?`,
    ),
    due: client
      .prepare<[number, number], number>(
        "SELECT transfer FROM ledger_pending WHERE until_ms <= ? ORDER BY until_ms LIMIT ?",
      )
      .pluck(),
    balance: client.prepare<[string], BalanceRow>(
      `SELECT posted_micro AS posted, pending_out_micro AS pendingOut, pending_in_micro AS pendingIn, last
       FROM ledger_balances JOIN ledger_accounts ON id = account WHERE name = ?`,
    ),
    /** The transfer that touched an account before this one; no row when this one does not touch it. */
    before: client
      .prepare<[{ account: number; number: number }], number>(
        `SELECT CASE debit WHEN @account THEN debit_before ELSE credit_before END FROM ledger_transfers
         WHERE number = @number AND @account IN (debit, credit)`,
      )
      .pluck(),
    /**
     * The walk back from a transfer along its account's chain: entries that fit, and the last that was looked at when
     * the walk had to stop.
     */
    walk: client.prepare<[WalkParameters], TransferRow & { fits: 0 | 1 }>(
      `WITH RECURSIVE chain (number, steps) AS (
         SELECT @from, 1
         UNION ALL
         SELECT CASE c.debit WHEN @account THEN c.debit_before ELSE c.credit_before END, steps + 1
         FROM chain JOIN ledger_transfers AS c USING (number) WHERE steps < @steps
       )
       SELECT ${rowColumns}, ${fits} AS fits
       FROM chain CROSS JOIN ledger_transfers AS t USING (number) ${rowJoins}
       WHERE ${fits} OR steps = @steps
       LIMIT @limit`,
    ),
  };
}

const fits = `(t.ends IS NULL AND t.number < @before AND t.at_ms >= @fromMs AND t.at_ms < @toMs
  AND (@kinds IS NULL OR t.kind IN (SELECT value FROM json_each(@kinds))))`;

export interface WalkParameters {
  account: number;
  from: number;
  steps: number;
  limit: number;
  before: number;
  fromMs: number;
  toMs: number;
  /** A JSON array, or null for all. */
  kinds: string | null;
}

export type Statements = ReturnType<typeof prepareStatements>;
