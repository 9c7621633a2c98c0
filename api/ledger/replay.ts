import type SQLite from "better-sqlite3";
import { microMax } from "../../protocol/money.ts";
import type { LedgerRule, Violation } from "./port.ts";

/** Rows between two pauses of a replay: about 10 ms of work. */
const stepRows = 5_000;

/** What accounts have when every transfer is made again from nothing; by number of the account. */
export interface Replayed {
  transfers: number;
  posted: Float64Array;
  pendingOut: Float64Array;
  pendingIn: Float64Array;
  last: Float64Array;
  /** Pending transfers without an end: until when, and how much. */
  pending: Map<number, { untilMs: number; micro: number }>;
}

interface Row {
  number: number;
  id: string | null;
  phase: string;
  kind: string;
  debit: number;
  credit: number;
  posted: number;
  pending: number;
  ends: number | null;
  untilMs: number | null;
  atMs: number;
  debitBefore: number;
  creditBefore: number;
  /** By the index of ids: who has this one's. */
  idNumber: number | null;
  aboutValid: 0 | 1;
}

/** Thrown, within the verification alone, by the first rule that does not hold. */
export class RuleBroken extends Error {
  readonly violation: Violation;

  constructor(rule: LedgerRule, message: string, rows: readonly object[]) {
    super(message);
    this.violation = { rule, message, rows: rows.map((row) => ({ ...row })) };
  }
}

/**
 * Makes every transfer again, in order, trusting nothing but the rows themselves. Yields now and then, so that whoever
 * drives it can let others go on.
 * @throws RuleBroken
 */
export function* replay(client: SQLite.Database): Generator<void, Replayed> {
  const accounts = client
    .prepare<[], number>("SELECT coalesce(max(id), 0) FROM ledger_accounts")
    .pluck()
    .get()!;
  const state: Replayed = {
    transfers: 0,
    posted: new Float64Array(accounts + 1),
    pendingOut: new Float64Array(accounts + 1),
    pendingIn: new Float64Array(accounts + 1),
    last: new Float64Array(accounts + 1),
    pending: new Map(),
  };
  const rows = client.prepare<[number, number], Row>(
    `SELECT number, id, phase, kind, debit, credit, posted_micro AS posted, pending_micro AS pending, ends,
       pending_until_ms AS untilMs, at_ms AS atMs, debit_before AS debitBefore, credit_before AS creditBefore,
       (SELECT number FROM ledger_transfers AS i INDEXED BY ledger_transfers_id WHERE i.id = t.id) AS idNumber,
       about IS NULL OR json_valid(about) AS aboutValid
     FROM ledger_transfers AS t WHERE number > ? ORDER BY number LIMIT ?`,
  );
  const read = client.prepare<[number], Row>(
    `SELECT number, id, phase, kind, debit, credit, posted_micro AS posted, pending_micro AS pending,
       pending_until_ms AS untilMs, at_ms AS atMs FROM ledger_transfers WHERE number = ?`,
  );
  const below = client.prepare<[], Row>("SELECT * FROM ledger_transfers WHERE number < 1").get();
  if (below)
    throw new RuleBroken("numbered-without-gaps", "A transfer is numbered below 1", [below]);
  for (let after = 0; ; yield) {
    const some = rows.all(after, stepRows);
    for (const row of some) {
      checkRow(row, state, accounts);
      if (row.ends !== null) checkEnd(row, read.get(row.ends), state);
      applyRow(row, state);
    }
    if (some.length < stepRows) return state;
    after = some.at(-1)!.number;
  }
}

function checkRow(row: Row, state: Replayed, accounts: number): void {
  const { number, id, debit, credit } = row;
  if (number !== state.transfers + 1)
    throw new RuleBroken("numbered-without-gaps", `Transfer ${state.transfers + 1} is missing`, [
      row,
    ]);
  if (!isWellFormed(row))
    throw new RuleBroken("well-formed", `Transfer ${number} is none that can be`, [row]);
  for (const account of [debit, credit])
    if (!(account >= 1 && account <= accounts))
      throw new RuleBroken("known-accounts", `Transfer ${number} names no account: ${account}`, [
        row,
      ]);
  if (id !== null && row.idNumber !== number)
    throw new RuleBroken("id-once", `Transfer ${number} has the id of another: ${id}`, [row]);
  if (row.debitBefore !== state.last[debit] || row.creditBefore !== state.last[credit])
    throw new RuleBroken("chained", `Transfer ${number} does not follow its accounts' last`, [
      row,
      { debitBefore: state.last[debit]!, creditBefore: state.last[credit]! },
    ]);
}

function isWellFormed(row: Row): boolean {
  const { phase, posted, pending, id, ends, untilMs, debit, credit } = row;
  if (debit === credit || row.aboutValid !== 1) return false;
  if (![posted, pending, row.atMs].every(Number.isSafeInteger)) return false;
  const begins = id !== null && ends === null;
  const isEnd = id === null && ends !== null && untilMs === null && pending < 0;
  switch (phase) {
    case "single":
      return begins && untilMs === null && pending === 0 && posted >= 1 && posted <= microMax;
    case "pending":
      return begins && untilMs !== null && posted === 0 && pending >= 1 && pending <= microMax;
    case "post":
      return isEnd && posted >= 1 && posted <= -pending;
    case "void":
    case "expire":
      return isEnd && posted === 0;
    default:
      return false;
  }
}

function checkEnd(row: Row, begun: Row | undefined, state: Replayed): void {
  const fits =
    begun !== undefined &&
    state.pending.has(begun.number) &&
    begun.debit === row.debit &&
    begun.credit === row.credit &&
    begun.kind === row.kind &&
    begun.pending === -row.pending &&
    (row.phase !== "post" || row.atMs < begun.untilMs!) &&
    (row.phase !== "expire" || row.atMs >= begun.untilMs!);
  if (fits) return;
  const rows = begun === undefined ? [row] : [row, begun];
  throw new RuleBroken("ends-once", `Transfer ${row.number} ends none that was pending`, rows);
}

function applyRow(row: Row, state: Replayed): void {
  const { number, debit, credit, posted, pending } = row;
  state.transfers = number;
  state.posted[debit]! -= posted;
  state.posted[credit]! += posted;
  state.pendingOut[debit]! += pending;
  state.pendingIn[credit]! += pending;
  state.last[debit] = number;
  state.last[credit] = number;
  if (row.phase === "pending") state.pending.set(number, { untilMs: row.untilMs!, micro: pending });
  if (row.ends !== null) state.pending.delete(row.ends);
  const available = state.posted[debit]! - state.pendingOut[debit]!;
  if (available < (debit === 1 ? -microMax : 0))
    throw new RuleBroken(
      "not-below-zero",
      `Account ${debit} goes below zero at transfer ${number}`,
      [row, { account: debit, available }],
    );
}
