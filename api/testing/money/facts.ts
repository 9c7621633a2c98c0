import type SQLite from "better-sqlite3";
import { endedStatuses } from "../../../protocol/job.ts";
import type { ModelState } from "./model.ts";
import { amountsOf } from "./model-prices.ts";
import type { MoneyWorld } from "./world.ts";

/** What can be told of the world and of its model alike, by name. */
export type Facts = Record<string, string>;

const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, one) => total + one, 0);

export function modelFacts(state: ModelState): Facts {
  const facts: Facts = {};
  for (const account of accountsOf(state))
    facts[account] = `${state.there[account] ?? 0}, ${state.aside[account] ?? 0} aside`;
  for (const [id, job] of Object.entries(state.jobs)) {
    const paid = Object.entries(job.paid).map(([earner, fuel]) => {
      const { work, royalty, fee } = amountsOf(fuel, job);
      return `${earner}: ${fuel} for ${work} + ${royalty} + ${fee}`;
    });
    const fuel = sum(Object.values(job.paid));
    facts[id] =
      `${job.closed ? "closed" : "open"}, left ${state.there[`job:${id}`]}, owed ${job.owed}, fuel ${fuel}, ` +
      `in transfers ${fuel}; ${paid.toSorted().join("; ")}`;
    facts[`${id} in the store`] = job.known
      ? `${job.ended ? "ended" : "active"}, fuel ${sum(Object.values(job.accepted))}`
      : "unknown";
  }
  for (const [id, { state: at, settled }] of Object.entries(state.campaigns))
    facts[id] = `${at}, ${settled ? "settled" : "not settled"}`;
  for (const [id, { phase }] of Object.entries(state.views)) facts[id] = phase;
  for (const [id, { state: at, paying }] of Object.entries(state.payouts))
    facts[id] = `${at}${paying ? ", being paid" : ""}`;
  return facts;
}

/** The same as the database and the store have it, of what the model knows. */
export async function realFacts(world: MoneyWorld, state: ModelState): Promise<Facts> {
  const read = readerOf(world.database.client);
  const facts: Facts = {};
  for (const account of accountsOf(state)) facts[account] = read.account(account);
  for (const id of Object.keys(state.jobs)) {
    facts[id] = read.job(id);
    const job = await world.store.jobs.read(id);
    facts[`${id} in the store`] = job
      ? `${endedStatuses.has(job.status) ? "ended" : "active"}, fuel ${job.fuel}`
      : "unknown";
  }
  for (const id of Object.keys(state.campaigns)) facts[id] = read.campaign(id);
  for (const id of Object.keys(state.views)) facts[id] = read.view(id);
  for (const id of Object.keys(state.payouts)) facts[id] = read.payout(id);
  return facts;
}

/** The sum of all accounts, and the least that can be spent of any but the mint. */
export function totalsOf(client: SQLite.Database): { sum: number; least: number } {
  return readerOf(client).totals();
}

function accountsOf({ there, aside }: ModelState): Set<string> {
  return new Set([...Object.keys(there), ...Object.keys(aside)]);
}

type Reader = ReturnType<typeof prepare>;
const readers = new WeakMap<SQLite.Database, Reader>();

function readerOf(client: SQLite.Database): Reader {
  let reader = readers.get(client);
  if (!reader) {
    reader = prepare(client);
    readers.set(client, reader);
  }
  return reader;
}

function prepare(client: SQLite.Database) {
  const text = (query: string) => {
    const statement = client.prepare<[string], string>(query).pluck();
    return (id: string) => statement.get(id) ?? "none";
  };
  const account = text(
    `SELECT posted_micro || ', ' || pending_out_micro || ' aside' FROM ledger_accounts
     JOIN ledger_balances ON account = id WHERE name = ?`,
  );
  return {
    account: (name: string) => {
      const found = account(name);
      return found === "none" ? "0, 0 aside" : found;
    },
    job: text(
      `SELECT iif(closed_at_ms IS NULL, 'open', 'closed')
         || ', left ' || (held_micro - work_micro - royalty_micro - fee_micro - released_micro)
         || ', owed ' || owed_micro || ', fuel ' || fuel
         || ', in transfers ' || (SELECT coalesce(sum(json_extract(about, '$.fuel')), 0) FROM ledger_transfers
              WHERE id >= 'work:' || job || ':' AND id < 'work:' || job || ';')
         || '; ' || coalesce((SELECT group_concat(line, '; ') FROM (
              SELECT earner || ': ' || s.fuel || ' for ' || s.work_micro || ' + ' || s.royalty_micro || ' + '
                || s.fee_micro AS line FROM job_settled s WHERE s.job = p.job ORDER BY line)), '')
       FROM job_payments p WHERE job = ?`,
    ),
    campaign: text(
      "SELECT state || iif(settled, ', settled', ', not settled') FROM campaigns WHERE id = ?",
    ),
    view: text("SELECT phase FROM views WHERE id = ?"),
    payout: text(
      "SELECT state || iif(paying_since_ms IS NULL, '', ', being paid') FROM payouts WHERE id = ?",
    ),
    totals: () =>
      client
        .prepare<[], { sum: number; least: number }>(
          `SELECT sum(posted_micro) AS sum,
             min(iif(account = 1, 0, posted_micro - pending_out_micro)) AS least FROM ledger_balances`,
        )
        .get()!,
  };
}
