import type { Payout } from "../../protocol/http-payouts.ts";
import { creditsOf } from "../../protocol/money.ts";
import type { PayoutRow } from "./schema.ts";

/** A payout as its owner and the operator see it. */
export function payoutOf(row: PayoutRow, handle: string): Payout {
  const { payingSinceMs, endedAtMs, reference, reason } = row;
  return {
    id: row.id,
    account: handle,
    state: row.state,
    credits: creditsOf(row.micro),
    currency: row.currency,
    decimals: row.decimals,
    rate: row.rate,
    gross: row.grossMinor,
    fee: row.feeMinor,
    amount: row.amountMinor,
    destination: row.destination,
    requestedAt: timeText(row.requestedAtMs),
    ...(payingSinceMs === null ? {} : { payingSince: timeText(payingSinceMs) }),
    ...(endedAtMs === null ? {} : { endedAt: timeText(endedAtMs) }),
    ...(reference === null ? {} : { reference }),
    ...(reason === null ? {} : { reason }),
  };
}

function timeText(atMs: number): string {
  return new Date(atMs).toISOString();
}
