import { existsSync } from "node:fs";
import { join } from "node:path";
import SQLite from "better-sqlite3";
import { GridError } from "../../protocol/errors.ts";
import { translated } from "../database/faults.ts";
import { openDatabase } from "../database/open.ts";
import { settledIn } from "../ledger/holdings.ts";
import { createLedger } from "../ledger/ledger.ts";
import type { LedgerReport } from "../ledger/port.ts";

export const databaseName = "catalog.db";

/**
 * Copies DATA_DIR/catalog.db as it is at one moment. Whoever writes to it meanwhile goes on.
 * @throws GridError not-found, disk-full, store-unavailable
 */
export async function copyDatabase(dataDir: string, target: string): Promise<void> {
  const source = join(dataDir, databaseName);
  if (!existsSync(source))
    throw new GridError("not-found", `There is no ${source}.`, {
      name: source,
      hint: "DATA_DIR or --data-dir says where the API keeps its data.",
    });
  try {
    const client = new SQLite(source, { readonly: true });
    try {
      // All pages in one step: in several, each write of another process would make it begin again.
      await client.backup(target, { progress: ({ totalPages }) => totalPages });
    } finally {
      client.close();
    }
  } catch (error) {
    throw translated(error);
  }
}

/**
 * Looks through a copy: its pages and indexes, then, migrated to this release, its ledger.
 * @param dataDir where catalog.db is a copy that may be written to
 * @throws GridError bad-request when it is damaged, or no database of ours
 */
export function inspectCopy(dataDir: string): LedgerReport {
  const path = join(dataDir, databaseName);
  try {
    requireSound(path);
    const database = openDatabase(dataDir);
    try {
      return createLedger({ database, clock: Date.now }).verify({ settledIn });
    } finally {
      database.close();
    }
  } catch (error) {
    if (!(error instanceof SQLite.SqliteError)) throw error;
    throw damaged(error.message, error);
  }
}

function requireSound(path: string): void {
  const client = new SQLite(path, { fileMustExist: true });
  try {
    const found = client.pragma("integrity_check(1)", { simple: true });
    if (found !== "ok") throw damaged(String(found));
    const ours = client
      .prepare("SELECT 1 FROM sqlite_master WHERE name IN ('__drizzle_migrations', 'jobs')")
      .all();
    if (ours.length < 2) throw damaged("it is not one of Sparegrid");
  } finally {
    client.close();
  }
}

function damaged(why: string, cause?: Error): GridError {
  return new GridError("bad-request", `The database is not sound: ${why}.`, {}, { cause });
}
