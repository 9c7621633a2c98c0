import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import SQLite from "better-sqlite3";
import { type BetterSQLite3Database, drizzle } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import { type BlobRefs, createBlobRefs } from "./blob-refs.ts";
import { createDatasets, type Datasets } from "./datasets.ts";
import { createFunctions, type Functions } from "./functions.ts";
import { createIdempotency, type Idempotency } from "./idempotency.ts";
import { createJobRows, type JobRows } from "./jobs.ts";
import { identity } from "./schema.ts";

export type Database = BetterSQLite3Database;

export interface Catalog {
  /** Made with the catalog. */
  id: string;
  functions: Functions;
  datasets: Datasets;
  blobRefs: BlobRefs;
  jobs: JobRows;
  idempotency: Idempotency;
  /** All or nothing. */
  transaction<T>(work: () => T): T;
  close(): void;
}

const migrationsFolder = fileURLToPath(new URL("../../migrations", import.meta.url));

/**
 * Opens DATA_DIR/catalog.db, made and migrated as needed. WAL lets readers go on while one writes; synchronous=FULL
 * because an acknowledged publish must survive a power cut, and the catalog is written per job, never per task.
 */
export function openCatalog(dataDir: string): Catalog {
  const client = new SQLite(join(dataDir, "catalog.db"));
  try {
    client.pragma("journal_mode = WAL");
    client.pragma("synchronous = FULL");
    client.pragma("busy_timeout = 5000");
    const database = drizzle({ client });
    migrate(database, { migrationsFolder });
    return {
      id: identityOf(database),
      functions: createFunctions(database),
      datasets: createDatasets(database),
      blobRefs: createBlobRefs(database),
      jobs: createJobRows(database),
      idempotency: createIdempotency(database),
      transaction: (work) => client.transaction(work)(),
      close: () => client.close(),
    };
  } catch (error) {
    client.close();
    throw error;
  }
}

function identityOf(database: Database): string {
  return database.transaction((tx) => {
    const known = tx.select().from(identity).get();
    if (known) return known.id;
    const id = randomUUID();
    tx.insert(identity).values({ id }).run();
    return id;
  });
}
