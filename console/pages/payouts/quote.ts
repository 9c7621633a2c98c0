import type { Payout, PayoutRate } from "../../../protocol/http-payouts.ts";
import { formatMinor } from "../../../protocol/minor-units.ts";
import { millionths, worthOf } from "../../../protocol/payout-worth.ts";
import { credits as creditsText } from "../../lib/format.ts";

const microPerCredit = 1_000_000;

export interface Quote {
  /** What the member gets. */
  amount: string;
  /** Before the fee; absent when there is none. */
  gross?: string;
  fee?: string;
}

export type Terms = Pick<
  PayoutRate,
  "currency" | "decimals" | "minorPerCredit" | "minimum" | "fee"
>;

/** "12.34 EUR". Pure. */
export const money = (
  minor: number,
  { currency, decimals }: Pick<Terms, "currency" | "decimals">,
) => `${formatMinor(minor, decimals)} ${currency}`;

/**
 * What credits are worth at a rate, computed as the server does; or why that many are not exchanged. Undefined as long
 * as nothing is typed. Pure.
 */
export function quoteOf(
  credits: number | null | undefined,
  rate: Terms,
  available: number,
): Quote | { problem: string } | undefined {
  if (credits === undefined || credits === null || Number.isNaN(credits)) return undefined;
  const micro = Math.round(credits * microPerCredit);
  if (credits <= 0) return { problem: "More than nothing." };
  if (Number(credits.toFixed(6)) !== credits) return { problem: "At most six decimals." };
  if (credits > available) return { problem: `You have ${creditsText(available)}.` };
  if (credits < rate.minimum) return { problem: `At least ${creditsText(rate.minimum)}.` };
  const terms = {
    minorMillionthsPerCredit: Math.round(rate.minorPerCredit * millionths),
    feeMinor: rate.fee,
  };
  const { grossMinor, feeMinor, amountMinor } = worthOf(micro, terms);
  if (amountMinor <= 0) return { problem: "That is not worth more than the fee." };
  const amount = money(amountMinor, rate);
  if (feeMinor === 0) return { amount };
  return { amount, gross: money(grossMinor, rate), fee: money(feeMinor, rate) };
}

/** "100 credits are 83.00 EUR": for so many that the amount is a round one to read. Pure. */
export function rateText(rate: Terms): string {
  const credits = Math.max(100, rate.minimum);
  const terms = {
    minorMillionthsPerCredit: Math.round(rate.minorPerCredit * millionths),
    feeMinor: 0,
  };
  const { grossMinor } = worthOf(Math.round(credits * microPerCredit), terms);
  return `${creditsText(credits)} credits are ${money(grossMinor, rate)}`;
}

type Standing = Pick<Payout, "state" | "payingSince">;
type Tone = "neutral" | "good" | "info" | "warn" | "bad";

/** Where a request stands, in words. Pure. */
export function standingOf({ state, payingSince }: Standing): { label: string; tone: Tone } {
  if (state === "paid") return { label: "paid", tone: "good" };
  if (state === "rejected") return { label: "refused", tone: "bad" };
  if (state === "withdrawn") return { label: "withdrawn", tone: "neutral" };
  return payingSince === undefined
    ? { label: "waiting", tone: "info" }
    : { label: "being paid", tone: "warn" };
}

/** Whether the member may take it back. Pure. */
export const isOpen = ({ state, payingSince }: Standing): boolean =>
  state === "requested" && payingSince === undefined;
