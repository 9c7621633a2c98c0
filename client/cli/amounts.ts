import { InvalidArgumentError } from "commander";
import { minorOf } from "../../protocol/minor-units.ts";
import { formatCredits, microOf } from "../../protocol/money.ts";
import { UsageError } from "./report.ts";

/** An argument in credits: with at most six decimals; may be 0. */
export function creditsOrNone(text: string): number {
  if (!/^\d+(?:\.\d{1,6})?$/.test(text))
    throw new InvalidArgumentError("credits are needed, such as 12.5");
  try {
    microOf(Number(text));
  } catch {
    throw new InvalidArgumentError("this is more than there may be");
  }
  return Number(text);
}

/** The same, more than 0. */
export function creditsArgument(text: string): number {
  const credits = creditsOrNone(text);
  if (credits > 0) return credits;
  throw new InvalidArgumentError("more than 0 is needed");
}

export function creditsText(credits: number): string {
  return formatCredits(microOf(credits));
}

/**
 * A currency's own unit, as people write it ("0.50"), in minor units; a fraction of one may remain.
 * @throws UsageError
 */
export function minorArgument(text: string, decimals: number, name: string): number {
  const minor = minorOf(text, decimals);
  if (minor === undefined)
    throw new UsageError(`${name} takes an amount, not "${text}"`, "such as 0.50");
  return minor;
}
