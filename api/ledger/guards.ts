import type SQLite from "better-sqlite3";
import { openEmpty } from "../database/open.ts";

/** Tables, constraints and triggers of the ledger as a database has them, by name. */
export type Guards = ReadonlyMap<string, string>;

export function guardsOf(client: SQLite.Database): Guards {
  const rows = client
    .prepare<[], { name: string; sql: string }>(
      "SELECT name, sql FROM sqlite_master WHERE tbl_name GLOB 'ledger_*' AND sql IS NOT NULL",
    )
    .all();
  return new Map(rows.map(({ name, sql }) => [name, sql]));
}

/** Names of those that one has and the other has not, or has otherwise. */
export function guardsThatDiffer(found: Guards, expected: Guards): string[] {
  return [...new Set([...expected.keys(), ...found.keys()])].filter(
    (name) => found.get(name) !== expected.get(name),
  );
}

/** As the migrations make them. */
export function migratedGuards(): Guards {
  const client = openEmpty();
  try {
    return guardsOf(client);
  } finally {
    client.close();
  }
}
