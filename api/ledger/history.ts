import {
  type About,
  type HistoryEntry,
  type HistoryFilter,
  type HistoryPage,
  scanMax,
} from "./port.ts";
import type { Statements, TransferRow } from "./statements.ts";

/** An account's entries, newest first: a walk along its chain of transfers, a bounded number of steps at a time. */
export function readHistory(
  statements: Statements,
  account: number,
  head: number,
  filter: HistoryFilter,
): HistoryPage {
  const before = filter.before ?? Number.MAX_SAFE_INTEGER;
  const from = statements.before.get({ account, number: before }) ?? head;
  if (from === 0) return { entries: [], next: undefined };
  const rows = statements.walk.all({
    account,
    from,
    before,
    steps: scanMax,
    limit: filter.limit,
    fromMs: filter.fromMs ?? Number.MIN_SAFE_INTEGER,
    toMs: filter.toMs ?? Number.MAX_SAFE_INTEGER,
    kinds: filter.kinds === undefined ? null : JSON.stringify(filter.kinds),
  });
  const last = rows.at(-1);
  const stopped = rows.length === filter.limit || last?.fits === 0;
  const next = last && stopped && !isFirst(statements, account, last.number);
  return {
    entries: rows.filter((row) => row.fits === 1).map(entryOf),
    next: next ? last.number : undefined,
  };
}

function isFirst(statements: Statements, account: number, number: number): boolean {
  return (statements.before.get({ account, number }) ?? 0) === 0;
}

const states = { post: "posted", void: "voided", expire: "expired" } as const;

export function entryOf(row: TransferRow): HistoryEntry {
  const { number, id, kind, debit, credit, about, atMs, endPhase } = row;
  return {
    number,
    id,
    kind,
    debit,
    credit,
    micro: row.postedMicro + row.pendingMicro,
    postedMicro: endPhase === null ? row.postedMicro : (row.endPostedMicro ?? 0),
    about: about === null ? {} : (JSON.parse(about) as About),
    state: row.phase === "single" ? "posted" : endPhase === null ? "pending" : states[endPhase],
    atMs,
  };
}
