import type { Payout } from "../../protocol/http-payouts.ts";
import { formatMinor } from "../../protocol/minor-units.ts";
import { csvRow } from "../http/csv.ts";

export const exportColumns = [
  "id",
  "account",
  "state",
  "requested_at",
  "ended_at",
  "credits",
  "currency",
  "gross",
  "fee",
  "amount",
  "rate",
  "destination",
  "reference",
  "reason",
] as const;

/**
 * Payouts as CSV (RFC 4180), a chunk for each page. Money is written with its decimals, so that no spreadsheet has to
 * know them.
 */
export function* exportCsv(pages: Iterable<readonly Payout[]>): Generator<string> {
  yield csvRow(exportColumns);
  for (const page of pages) yield page.map(rowOf).join("");
}

function rowOf(payout: Payout): string {
  const { decimals } = payout;
  return csvRow([
    payout.id,
    payout.account,
    payout.state,
    payout.requestedAt,
    payout.endedAt ?? null,
    payout.credits,
    payout.currency,
    formatMinor(payout.gross, decimals),
    formatMinor(payout.fee, decimals),
    formatMinor(payout.amount, decimals),
    payout.rate,
    inert(payout.destination),
    inert(payout.reference ?? ""),
    inert(payout.reason ?? ""),
  ]);
}

/** A spreadsheet takes text that begins like this for a formula, and members write these texts (OWASP, CSV injection). */
function inert(text: string): string {
  return /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
}
