import type { Hold } from "../../protocol/http-payments.ts";
import { creditsOf } from "../../protocol/money.ts";
import type { PaymentRow } from "./rows.ts";
import { totalOf } from "./split.ts";

/** What the API shows of a job's money. */
export interface MoneyView {
  cost: number;
  hold: Hold;
}

export function moneyOf(row: PaymentRow): MoneyView {
  const spentMicro = totalOf(row);
  const cost = creditsOf(spentMicro);
  return {
    cost,
    hold: {
      held: creditsOf(row.heldMicro),
      spent: cost,
      left: creditsOf(row.heldMicro - spentMicro - row.releasedMicro),
      owed: creditsOf(row.owedMicro),
      settled: row.closedAtMs !== null,
      rate: creditsOf(row.rateMicro),
      bid: row.bidHundredths / 100,
      royaltyPercent: percentOf(row.royaltyBasisPoints),
      feePercent: percentOf(row.feeBasisPoints),
      work: creditsOf(row.workMicro),
      royalty: creditsOf(row.royaltyMicro),
      fee: creditsOf(row.feeMicro),
    },
  };
}

export function percentOf(basisPoints: number): number {
  return basisPoints / 100;
}
