import type { SetRateRequest } from "../../../protocol/http-payouts.ts";
import { decimalsOf, minorOf } from "../../../protocol/minor-units.ts";

export interface TypedRate {
  currency: string;
  /** Money for one credit: "0.0083". */
  perCredit: string;
  minimum: number | undefined;
  /** Money: "0.50"; empty for none. */
  fee: string;
  /** As <input type=datetime-local> has it; empty for now. */
  from: string;
}

/** What is to be published, or what is wrong with what was typed. Pure. */
export function rateRequestOf(typed: TypedRate): SetRateRequest | { fault: string } {
  const currency = typed.currency.trim().toUpperCase();
  if (!/^[A-Z]{3}$/.test(currency)) return { fault: "A currency has three letters, such as EUR." };
  const decimals = decimalsOf(currency);
  const minorPerCredit = minorOf(typed.perCredit, decimals);
  if (minorPerCredit === undefined) return { fault: "A rate is an amount, such as 0.0083." };
  const fee = typed.fee.trim() === "" ? 0 : minorOf(typed.fee, decimals);
  if (fee === undefined || !Number.isInteger(fee))
    return { fault: `A fee is an amount with at most ${decimals} decimals.` };
  return {
    currency,
    decimals,
    minorPerCredit,
    minimum: typed.minimum ?? 0,
    fee,
    ...(typed.from === "" ? {} : { validFrom: new Date(typed.from).toISOString() }),
  };
}
