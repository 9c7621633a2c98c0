import { difference, type Split, splitOf, type Terms, totalOf } from "./split.ts";

/** Fuel of one earner of a job: what the store says he has earned by now, and what has been paid. */
export interface Account {
  earner: string;
  fuel: number;
  paidFuel: number;
}

/** One earner's payment: it brings what he was paid for to `fuel`. */
export interface Payment extends Split {
  earner: string;
  fuel: number;
}

export interface Due {
  payments: Payment[];
  /** Microcredits that are earned and for which the hold has nothing left. */
  owedMicro: number;
}

/**
 * What a job must pay now, out of `availableMicro`. When that does not cover all, every earner is paid for the same
 * share of the fuel that he is owed for. Paid fuel stands for paid amounts (splitOf), so a part that was paid needs no
 * other record. A store that lost some of what it counted never takes anything back.
 */
export function dueOf(accounts: readonly Account[], terms: Terms, availableMicro: number): Due {
  const whole = accounts.flatMap((account) => paymentOf(account, account.fuel, terms));
  const wholeMicro = sumOf(whole);
  if (wholeMicro <= availableMicro) return { payments: whole, owedMicro: 0 };
  // Floors make the parts cost a little more or less than their share: what is over is taken off, and looked at again.
  for (let budget = availableMicro; budget > 0; ) {
    const part = accounts.flatMap((account) =>
      paymentOf(account, sharedFuel(account, budget, wholeMicro), terms),
    );
    const partMicro = sumOf(part);
    if (partMicro <= availableMicro) return { payments: part, owedMicro: wholeMicro - partMicro };
    budget -= partMicro - availableMicro;
  }
  return { payments: [], owedMicro: wholeMicro };
}

function sharedFuel({ fuel, paidFuel }: Account, budget: number, wholeMicro: number): number {
  const part = (BigInt(fuel - paidFuel) * BigInt(budget)) / BigInt(wholeMicro);
  return paidFuel + Number(part);
}

function paymentOf({ earner, paidFuel }: Account, fuel: number, terms: Terms): Payment[] {
  if (fuel <= paidFuel) return [];
  const split = difference(splitOf(fuel, terms), splitOf(paidFuel, terms));
  return totalOf(split) > 0 ? [{ earner, fuel, ...split }] : [];
}

function sumOf(payments: readonly Payment[]): number {
  return payments.reduce((total, payment) => total + totalOf(payment), 0);
}
