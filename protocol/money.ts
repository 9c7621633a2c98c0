import { z } from "zod";

/** Amounts are kept and computed as whole microcredits; people and the HTTP API see credits, with up to six decimals. */
export const microPerCredit = 1_000_000;

/** One amount, and any balance: far from where whole numbers end (2^53), and a thousand times all that is ever minted. */
export const microMax = 1_000_000_000_000_000;

/** Credits as JSON numbers: at least 0, at most 10^9, with at most six decimals. */
export const creditsSchema = z
  .number()
  .min(0)
  .max(microMax / microPerCredit)
  .refine((credits) => isWholeMicro(credits), "at most six decimals");
export const positiveCreditsSchema = creditsSchema.refine((credits) => credits > 0, "more than 0");

/** @throws RangeError when it is no amount: negative, not finite, too large, or finer than a microcredit */
export function microOf(credits: number): number {
  const micro = Math.round(credits * microPerCredit);
  if (!(credits >= 0) || micro > microMax || !isWholeMicro(credits))
    throw new RangeError(`${credits} is not an amount of credits`);
  return micro;
}

/** For people and JSON. Exact: six decimals of at most 10^9 fit a double. */
export function creditsOf(micro: number): number {
  return micro / microPerCredit;
}

/** "1,234.56 credits", "0.000012 credits", "1 credit". */
export function formatCredits(micro: number): string {
  const credits = creditsOf(micro);
  const text = credits.toLocaleString("en-US", { maximumFractionDigits: 6 });
  return `${text} ${Math.abs(credits) === 1 ? "credit" : "credits"}`;
}

/**
 * Whether a number is what some six decimals stand for: the nearest double to them, as JSON and people's text give it.
 * The sum of two such need not be one (0.1 + 0.2), so sums are made of microcredits.
 */
function isWholeMicro(credits: number): boolean {
  return Number(credits.toFixed(6)) === credits;
}
