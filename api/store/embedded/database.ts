import { mkdirSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { GridError } from "../../../protocol/errors.ts";

/**
 * The store's own file, DATA_DIR/store.db. `PRAGMA user_version` counts the migrations that were applied.
 * Jobs have a number of their own (`job`, here and in every table) so that a million outputs do not repeat an id.
 */
const migrations = [
  `CREATE TABLE jobs (
     job INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     ended INTEGER NOT NULL,
     event_base INTEGER NOT NULL DEFAULT 0,
     spec TEXT NOT NULL,
     state TEXT NOT NULL
   );
   CREATE INDEX jobs_active ON jobs (job) WHERE ended = 0;
   CREATE TABLE outputs (
     job INTEGER NOT NULL, stage INTEGER NOT NULL, level INTEGER NOT NULL, idx INTEGER NOT NULL,
     hash TEXT NOT NULL, fuel REAL NOT NULL, bytes INTEGER NOT NULL, host_class TEXT NOT NULL, inline BLOB,
     PRIMARY KEY (job, stage, level, idx)
   ) WITHOUT ROWID;
   CREATE TABLE done (
     job INTEGER NOT NULL, stage INTEGER NOT NULL, lo INTEGER NOT NULL, hi INTEGER NOT NULL,
     PRIMARY KEY (job, stage, lo)
   ) WITHOUT ROWID;
   CREATE TABLE large (
     job INTEGER NOT NULL, hash TEXT NOT NULL,
     PRIMARY KEY (job, hash)
   ) WITHOUT ROWID;
   CREATE TABLE events (
     job INTEGER NOT NULL, number INTEGER NOT NULL, at_ms REAL NOT NULL, event TEXT NOT NULL,
     PRIMARY KEY (job, number)
   ) WITHOUT ROWID;
   CREATE TABLE garbage (
     job INTEGER NOT NULL, stage INTEGER NOT NULL,
     PRIMARY KEY (job, stage)
   ) WITHOUT ROWID;
   CREATE TABLE secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;`,
  // Which blobs are needed is asked of the outputs themselves, so that a dropped stage needs none.
  `DROP TABLE large;
   CREATE INDEX outputs_large ON outputs (hash) WHERE inline IS NULL;`,
  // `syncs` is there to be written when all else is written already and must reach the disk itself.
  `CREATE TABLE earned (
     job INTEGER NOT NULL, earner TEXT NOT NULL, fuel REAL NOT NULL, tasks INTEGER NOT NULL,
     PRIMARY KEY (job, earner)
   ) WITHOUT ROWID;
   CREATE TABLE syncs (count INTEGER NOT NULL);
   INSERT INTO syncs (count) VALUES (0);`,
  // Remembered results. What each owner has is summed as rows come and go: every put asks for it.
  `CREATE TABLE memos (
     memo INTEGER PRIMARY KEY, owner TEXT NOT NULL, family TEXT NOT NULL, task TEXT NOT NULL,
     by TEXT NOT NULL, weight INTEGER NOT NULL, used_ms REAL NOT NULL,
     UNIQUE (owner, family, task)
   );
   CREATE INDEX memos_used ON memos (used_ms);
   CREATE INDEX memos_of_owner ON memos (owner, used_ms);
   CREATE TABLE memo_outputs (
     memo INTEGER NOT NULL, level INTEGER NOT NULL,
     hash TEXT NOT NULL, fuel REAL NOT NULL, bytes INTEGER NOT NULL, host_class TEXT NOT NULL, inline BLOB,
     PRIMARY KEY (memo, level)
   ) WITHOUT ROWID;
   CREATE INDEX memo_outputs_large ON memo_outputs (hash) WHERE inline IS NULL;
   CREATE TABLE memo_weights (owner TEXT PRIMARY KEY, weight INTEGER NOT NULL) WITHOUT ROWID;
   CREATE TRIGGER memo_came AFTER INSERT ON memos BEGIN
     INSERT INTO memo_weights (owner, weight) VALUES (NEW.owner, NEW.weight)
       ON CONFLICT (owner) DO UPDATE SET weight = weight + excluded.weight;
   END;
   CREATE TRIGGER memo_went AFTER DELETE ON memos BEGIN
     DELETE FROM memo_outputs WHERE memo = OLD.memo;
     UPDATE memo_weights SET weight = weight - OLD.weight WHERE owner = OLD.owner;
     DELETE FROM memo_weights WHERE owner = OLD.owner AND weight <= 0;
   END;`,
];

/** A checkpoint syncs the file, which stalls; every 16 MB of log instead of SQLite's 4 MB. */
const walPagesMax = 4096;

/**
 * Opens and migrates. The lock is exclusive: the state of running jobs lives in this process, so a second process on
 * the same directory would be a second truth.
 * @throws GridError store-unavailable when another process has it, or it was written by a newer version
 */
export function openDatabase(dataDir: string): Database.Database {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, "store.db");
  let db: Database.Database | undefined;
  try {
    db = new Database(path, { timeout: 2000 });
    db.pragma("locking_mode = EXCLUSIVE");
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = NORMAL");
    db.pragma(`wal_autocheckpoint = ${walPagesMax}`);
    db.pragma("cache_size = -16384");
    migrate(db);
    return db;
  } catch (cause) {
    db?.close();
    if (cause instanceof GridError) throw cause;
    const busy = cause instanceof Database.SqliteError && cause.code.startsWith("SQLITE_BUSY");
    const why = busy ? "is in use by another process" : "cannot be opened";
    throw new GridError("store-unavailable", `${path} ${why}`, {}, { cause });
  }
}

function migrate(db: Database.Database): void {
  const version = db.pragma("user_version", { simple: true }) as number;
  if (version > migrations.length) {
    throw new GridError(
      "store-unavailable",
      `${db.name} was written by a newer version (schema ${version})`,
    );
  }
  db.transaction(() => {
    for (const migration of migrations.slice(version)) db.exec(migration);
    db.pragma(`user_version = ${migrations.length}`);
  }).immediate();
}
