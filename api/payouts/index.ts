import type { Database } from "../database/open.ts";
import type { Ledger } from "../ledger/port.ts";
import { Payouts } from "./payouts.ts";
import { manualProvider } from "./provider.ts";
import { Rates } from "./rates.ts";

export interface PayoutsArea {
  rates: Rates;
  payouts: Payouts;
}

/** Makes the parts of this folder and joins them. */
export function createPayoutsArea(
  database: Database,
  ledger: Ledger,
  clock: () => number,
): PayoutsArea {
  const rates = new Rates(database, clock);
  const payouts = new Payouts({ database, ledger, rates, provider: manualProvider, clock });
  return { rates, payouts };
}
