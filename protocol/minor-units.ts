/** Money in whole minor units of its currency, as text. Without the schemas of currency.ts, so that pages can load it. */

/** 1234 and 2 decimals: "12.34". Exact, for people and files. */
export function formatMinor(minor: number, decimals: number): string {
  const digits = Math.abs(minor)
    .toString()
    .padStart(decimals + 1, "0");
  const sign = minor < 0 ? "-" : "";
  if (decimals === 0) return `${sign}${digits}`;
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/**
 * "12.34" as minor units, exactly: with 2 decimals 1234. Digits beyond the decimals stay as a fraction of a minor unit.
 * Undefined when it is no amount.
 */
export function minorOf(text: string, decimals: number): number | undefined {
  const match = /^(\d{1,15})(?:\.(\d{1,12}))?$/.exec(text.trim());
  if (!match) return undefined;
  const [, whole, fraction = ""] = match;
  const padded = fraction.padEnd(decimals, "0");
  return Number(`${whole}${padded.slice(0, decimals)}.${padded.slice(decimals) || "0"}`);
}

/** Decimals that a currency is written with, unless a rate says otherwise: EUR 2, JPY 0. */
export function decimalsOf(currency: string): number {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  return format.resolvedOptions().maximumFractionDigits ?? 2;
}
