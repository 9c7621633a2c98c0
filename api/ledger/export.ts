import { setImmediate as turn } from "node:timers/promises";
import type { WalletEntry } from "../../protocol/http-ledger.ts";
import { csvRow } from "../http/csv.ts";
import type { HistoryEntry, HistoryFilter, Ledger } from "./port.ts";

const pageEntries = 500;

const columns = [
  "number",
  "at",
  "kind",
  "direction",
  "amount",
  "moved",
  "state",
  "otherSide",
  "job",
  "function",
  "runner",
  "fuel",
  "calls",
  "campaign",
  "payout",
  "note",
  "id",
] as const satisfies readonly (keyof WalletEntry)[];

/** A whole history as CSV, newest first, a page at a time; others have their turn between pages. */
export async function* historyCsv(
  ledger: Pick<Ledger, "historyPage">,
  filter: Omit<HistoryFilter, "limit" | "before">,
  view: (entry: HistoryEntry) => WalletEntry,
): AsyncGenerator<string> {
  yield csvRow(columns);
  let before: number | undefined;
  do {
    const page = ledger.historyPage({
      ...filter,
      limit: pageEntries,
      ...(before === undefined ? {} : { before }),
    });
    const rows = page.entries.map((entry) => {
      const shown = view(entry);
      return csvRow(columns.map((column) => cellOf(shown[column])));
    });
    if (rows.length > 0) yield rows.join("");
    before = page.next;
    await turn();
  } while (before !== undefined);
}

/** Spreadsheets take a text that begins like this for a formula (OWASP, CSV injection). */
const formula = /^[=+\-@\t\r]/;

function cellOf(value: string | number | undefined): string | number {
  if (typeof value === "string" && formula.test(value)) return `'${value}`;
  return value ?? "";
}
