import { join } from "node:path";
import { fileURLToPath } from "node:url";
import SQLite from "better-sqlite3";
import { type BetterSQLite3Database, drizzle } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import { readMigrationFiles } from "drizzle-orm/migrator";

export type Drizzle = BetterSQLite3Database;

/** One file and one connection for all that the API itself keeps, so that a job and its hold are written together. */
export interface Database {
  drizzle: Drizzle;
  /** For what Drizzle has no words: pragmas, backups, statements of the hottest paths. */
  client: SQLite.Database;
  /** All or nothing. Within another transaction it is a savepoint. */
  transaction<T>(work: () => T): T;
  /**
   * For notes that can be found out again. What is written outlives the process at once, and a power cut with the next
   * transaction at the latest, as the disk has them in order; but nobody waits for the disk.
   */
  unflushed<T>(work: () => T): T;
  close(): void;
}

/** The data folder was written by a later version of this program. */
export class NewerDatabaseError extends Error {
  override name = "NewerDatabaseError";
}

const migrationsFolder = fileURLToPath(new URL("../../migrations", import.meta.url));

/**
 * Opens DATA_DIR/catalog.db, made and migrated as needed. WAL lets readers go on while one writes; synchronous=FULL
 * because an acknowledged publish or payment must survive a power cut, and nothing here is written per task.
 * @throws NewerDatabaseError, and what SQLite throws
 */
export function openDatabase(dataDir: string): Database {
  const client = new SQLite(join(dataDir, "catalog.db"));
  try {
    client.pragma("journal_mode = WAL");
    client.pragma("synchronous = FULL");
    client.pragma("busy_timeout = 5000");
    client.pragma("foreign_keys = ON");
    const database = drizzle({ client });
    refuseNewer(client);
    migrate(database, { migrationsFolder });
    return {
      drizzle: database,
      client,
      transaction: (work) => client.transaction(work)(),
      unflushed: (work) => {
        if (client.inTransaction) return work();
        client.pragma("synchronous = NORMAL");
        try {
          return work();
        } finally {
          client.pragma("synchronous = FULL");
        }
      },
      close: () => client.close(),
    };
  } catch (error) {
    client.close();
    throw error;
  }
}

/** An older program would read a newer database's tables as they are not any more. @throws NewerDatabaseError */
function refuseNewer(client: SQLite.Database): void {
  const table = client
    .prepare("select 1 from sqlite_master where name = '__drizzle_migrations'")
    .get();
  if (table === undefined) return;
  const { applied } = client
    .prepare("select max(created_at) as applied from __drizzle_migrations")
    .get() as { applied: number | null };
  const known = Math.max(
    ...readMigrationFiles({ migrationsFolder }).map(({ folderMillis }) => folderMillis),
  );
  if (applied !== null && applied > known)
    throw new NewerDatabaseError(
      `${client.name} was written by a newer version of Sparegrid. Start that one.`,
    );
}

/** What the migrations make of nothing: an empty database in memory. Close it. */
export function openEmpty(): SQLite.Database {
  const client = new SQLite(":memory:");
  migrate(drizzle({ client }), { migrationsFolder });
  return client;
}
