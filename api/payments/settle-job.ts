import { digestOf } from "../../protocol/digest.ts";
import { parseEarner } from "../../protocol/earner.ts";
import type { Ledger, Transfer } from "../ledger/port.ts";
import type { Earning } from "../store/port.ts";
import { type Account, dueOf, type Payment } from "./due.ts";
import { type Holds, holdOf, platform, walletOf } from "./holds.ts";
import type { PaymentRow, PaymentRows } from "./rows.ts";
import { totalOf } from "./split.ts";

export interface SettleJobOptions {
  rows: PaymentRows;
  ledger: Ledger;
  holds: Holds;
  /** A payment is closed, in this transaction: what the job cost is final. */
  onClosed: (job: string, costMicro: number) => void;
  /** An earner is paid for work, in this transaction. */
  onPaid?: (earner: string, workMicro: number) => void;
}

/** What settling a job came to. */
export interface Settled {
  row: PaymentRow;
  /** Microcredits paid in this step. */
  paidMicro: number;
  owedMicro: number;
  /** What the hold has left. */
  leftMicro: number;
}

/**
 * Pays what the store says was earned beyond what has been paid, and for a job that has ended closes its payment. To be
 * called in a transaction: transfers and the record of what they are for are written together, so it does not matter when
 * and how often this is called, or what died in between.
 *
 * Undefined when the job pays nothing or its payment is closed.
 */
export function settleJob(
  { rows, ledger, holds, onClosed, onPaid }: SettleJobOptions,
  job: string,
  earned: readonly Earning[],
  ended: boolean,
): Settled | undefined {
  const row = rows.find(job);
  if (!row || row.closedAtMs !== null) return undefined;
  const paidFuel = new Map(rows.settled(job).map(({ earner, fuel }) => [earner, fuel]));
  const accounts = earned.map(({ earner, fuel }): Account => {
    return { earner, fuel: Math.floor(fuel), paidFuel: paidFuel.get(earner) ?? 0 };
  });
  const hold = () => ledger.balance(holdOf(job)).available;
  let due = dueOf(accounts, row, hold());
  if (ended && due.owedMicro > 0) {
    holds.cover(row, due.owedMicro);
    due = dueOf(accounts, row, hold());
  }
  const { payments, owedMicro } = due;
  ledger.apply(payments.flatMap((payment) => transfersOf(row, payment, paidFuel)));
  rows.paid(job, payments, paidFuel);
  for (const { earner, workMicro } of payments) onPaid?.(earner, workMicro);
  if (owedMicro !== row.owedMicro) rows.setState(job, { owedMicro, pausedFor: row.pausedFor });
  if (ended) holds.release(row);
  const after = rows.find(job)!;
  if (ended) onClosed(job, totalOf(after));
  return {
    row: after,
    paidMicro: payments.reduce((sum, payment) => sum + totalOf(payment), 0),
    owedMicro,
    leftMicro: hold(),
  };
}

/** Their ids name the fuel that they reach, so that what was paid once can never be paid again. */
function transfersOf(
  { job, author, function: name }: PaymentRow,
  { earner, fuel, workMicro, royaltyMicro, feeMicro }: Payment,
  paidFuel: ReadonlyMap<string, number>,
): Transfer[] {
  const { account, runner } = parseEarner(earner);
  const key = `${job}:${digestOf(earner).slice(0, 16)}:${fuel}`;
  const debit = holdOf(job);
  const about = { job, function: name, runner, fuel: fuel - (paidFuel.get(earner) ?? 0) };
  const transfers: Transfer[] = [
    { id: `work:${key}`, kind: "work", debit, credit: walletOf(account), micro: workMicro, about },
    {
      id: `royalty:${key}`,
      kind: "royalty",
      debit,
      credit: walletOf(author),
      micro: royaltyMicro,
      about,
    },
    { id: `fee:${key}`, kind: "fee", debit, credit: platform, micro: feeMicro, about },
  ];
  return transfers.filter(({ micro }) => micro > 0);
}
