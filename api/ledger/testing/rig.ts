import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, openDatabase } from "../../database/open.ts";
import { createLedger } from "../ledger.ts";
import type { Ledger } from "../port.ts";

/** A real ledger in a directory of its own, with a clock that tests set. */
export class LedgerRig {
  readonly folder = mkdtempSync(join(tmpdir(), "sparegrid-ledger-"));
  nowMs = 1_000_000;
  database: Database;
  ledger: Ledger;
  #lives = 0;

  /** @param from a directory with a database to begin with */
  constructor(from?: string) {
    const dataDir = this.#life();
    if (from !== undefined) copyDatabase(from, dataDir);
    this.database = openDatabase(dataDir);
    this.ledger = this.#wake();
  }

  get dataDir(): string {
    return join(this.folder, `life-${this.#lives}`);
  }

  /** What `kill -9` leaves: the files as they are now, opened anew. */
  crash(): void {
    const before = this.dataDir;
    const dataDir = this.#life();
    copyDatabase(before, dataDir);
    const { database } = this;
    this.database = openDatabase(dataDir);
    this.ledger = this.#wake();
    if (database.client.inTransaction) database.client.exec("ROLLBACK");
    database.close();
    rmSync(before, { recursive: true });
  }

  end(): void {
    this.database.close();
    rmSync(this.folder, { recursive: true });
  }

  #life(): string {
    this.#lives++;
    mkdirSync(this.dataDir);
    return this.dataDir;
  }

  #wake(): Ledger {
    return createLedger({ database: this.database, clock: () => this.nowMs });
  }
}

function copyDatabase(from: string, to: string): void {
  for (const name of ["catalog.db", "catalog.db-wal"])
    if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name));
}
