import { setImmediate as turn } from "node:timers/promises";
import SQLite from "better-sqlite3";
import { type Guards, guardsOf, guardsThatDiffer } from "./guards.ts";
import type { LedgerAccount, LedgerReport, VerifyOptions } from "./port.ts";
import { type Replayed, RuleBroken, replay } from "./replay.ts";

interface AccountRow {
  account: number;
  name: string | null;
  posted: number | null;
  pendingOut: number | null;
  pendingIn: number | null;
  last: number | null;
}

/** Verifies on this connection, in one go. @param guards what the migrations make */
export function verifyNow(
  client: SQLite.Database,
  guards: Guards,
  options: VerifyOptions = {},
): LedgerReport {
  const steps = verification(client, guards, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Verifies a snapshot of the file over a connection of its own, and lets others go on between steps. */
export async function verifyAside(
  path: string,
  guards: Guards,
  options: VerifyOptions = {},
): Promise<LedgerReport> {
  const client = new SQLite(path, { readonly: true });
  try {
    client.exec("BEGIN");
    const steps = verification(client, guards, options);
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
      await turn();
    }
  } finally {
    client.close();
  }
}

function* verification(
  client: SQLite.Database,
  guards: Guards,
  { settledIn = () => () => false }: VerifyOptions,
): Generator<void, LedgerReport> {
  const report: LedgerReport = {
    transfers: 0,
    accounts: 0,
    minted: 0,
    inWallets: 0,
    inHolds: 0,
    inPayouts: 0,
    paid: 0,
    platform: 0,
    elsewhere: 0,
    pending: 0,
    pendingMicro: 0,
  };
  try {
    const differing = guardsThatDiffer(guardsOf(client), guards);
    if (differing.length > 0)
      throw new RuleBroken(
        "guards-in-place",
        `The database lacks rules that it has to keep, or has others: ${differing.join(", ")}`,
        differing.map((name) => ({ name })),
      );
    const state = yield* replay(client);
    report.transfers = state.transfers;
    yield* compareBalances(client, state, report, settledIn(client));
    comparePending(client, state, report);
    return report;
  } catch (error) {
    if (error instanceof RuleBroken) return { ...report, violation: error.violation };
    throw error;
  }
}

const accountsAtOnce = 5_000;

function* compareBalances(
  client: SQLite.Database,
  state: Replayed,
  report: LedgerReport,
  isSettled: (account: LedgerAccount) => boolean,
): Generator<void> {
  const balances = client.prepare<[number, number], AccountRow>(
    `SELECT coalesce(id, account) AS account, name, posted_micro AS posted, pending_out_micro AS pendingOut,
       pending_in_micro AS pendingIn, last
     FROM ledger_accounts FULL JOIN ledger_balances ON account = id
     WHERE coalesce(id, account) > ? ORDER BY 1 LIMIT ?`,
  );
  let sum = 0;
  for (let after = Number.MIN_SAFE_INTEGER; ; yield) {
    const rows = balances.all(after, accountsAtOnce);
    for (const row of rows) {
      compareAccount(row, state);
      sum += row.posted!;
      addTo(report, row);
      if (holds(row) && isSettled(row.name!))
        throw new RuleBroken("holds-empty", `${row.name} is settled, and not empty`, [row]);
    }
    if (rows.length < accountsAtOnce) break;
    after = rows.at(-1)!.account;
  }
  report.minted = 0 - state.posted[1]!;
  if (sum !== 0) throw new RuleBroken("sum-zero", "The sum of all accounts is not zero", [{ sum }]);
}

function holds({ posted, pendingIn }: AccountRow): boolean {
  return posted !== 0 || pendingIn !== 0;
}

function compareAccount(row: AccountRow, state: Replayed): void {
  const { account, name, posted, pendingOut, pendingIn, last } = row;
  if (name === null || (account === 1) !== (name === "mint"))
    throw new RuleBroken("known-accounts", `Account ${account} has not the name it must have`, [
      row,
    ]);
  const replayed = {
    account,
    posted: state.posted[account] ?? null,
    pendingOut: state.pendingOut[account] ?? null,
    pendingIn: state.pendingIn[account] ?? null,
    last: state.last[account] ?? null,
  };
  const same =
    posted === replayed.posted &&
    pendingOut === replayed.pendingOut &&
    pendingIn === replayed.pendingIn &&
    last === replayed.last;
  if (!same)
    throw new RuleBroken(
      "balances-follow",
      `${name} has another balance than its transfers give: the second row is what they give`,
      [row, replayed],
    );
}

function addTo(report: LedgerReport, { name, posted }: AccountRow): void {
  report.accounts++;
  const part = name!.split(":")[0];
  const micro = posted!;
  if (part === "wallet") report.inWallets += micro;
  else if (part === "job" || part === "campaign") report.inHolds += micro;
  else if (part === "payout") report.inPayouts += micro;
  else if (part === "paid") report.paid += micro;
  else if (part === "platform") report.platform += micro;
  else if (part !== "mint") report.elsewhere += micro;
}

function comparePending(client: SQLite.Database, state: Replayed, report: LedgerReport): void {
  const rows = client
    .prepare<[], { transfer: number; untilMs: number }>(
      "SELECT transfer, until_ms AS untilMs FROM ledger_pending ORDER BY transfer",
    )
    .all();
  const listed = new Set<number>();
  for (const row of rows) {
    if (state.pending.get(row.transfer)?.untilMs !== row.untilMs)
      throw new RuleBroken("pending-follows", `Transfer ${row.transfer} is not pending`, [row]);
    listed.add(row.transfer);
  }
  for (const [transfer, { untilMs, micro }] of state.pending) {
    if (!listed.has(transfer))
      throw new RuleBroken("pending-follows", `Transfer ${transfer} is pending and not listed`, [
        { transfer, untilMs },
      ]);
    report.pending++;
    report.pendingMicro += micro;
  }
}
