import { existsSync } from "node:fs";
import SQLite from "better-sqlite3";

const waitMs = 200;

/**
 * Whether a process has this database open: whoever has keeps a shared lock on the file, so that nobody else gets it
 * alone. A file that is no database is in nobody's use.
 */
export function isInUse(path: string): boolean {
  if (!existsSync(path)) return false;
  const client = new SQLite(path, { timeout: waitMs });
  try {
    client.pragma("locking_mode = EXCLUSIVE");
    client.exec("BEGIN EXCLUSIVE; COMMIT");
    return false;
  } catch (error) {
    if (!(error instanceof SQLite.SqliteError)) throw error;
    return error.code.startsWith("SQLITE_BUSY");
  } finally {
    client.close();
  }
}
