import SQLite from "better-sqlite3";

/** What the ledger's triggers say (migrations) when they refuse what may happen in good order. */
const refusals = {
  "ledger: this id was used": "id-used",
  "ledger: insufficient credits": "insufficient",
} as const;

export function refusalOf(error: unknown): (typeof refusals)[keyof typeof refusals] | undefined {
  if (!(error instanceof SQLite.SqliteError)) return undefined;
  return refusals[error.message as keyof typeof refusals];
}
