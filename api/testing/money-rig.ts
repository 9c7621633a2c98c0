import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { microOf } from "../../protocol/money.ts";
import { type Database, openDatabase } from "../database/open.ts";
import { createLedger } from "../ledger/ledger.ts";
import type { Ledger } from "../ledger/port.ts";

/** A real database and ledger in a directory of their own, with a clock that the test sets. */
export class MoneyRig {
  readonly dataDir: string;
  nowMs = Date.parse("2026-11-23T12:00:00Z");
  database!: Database;
  ledger!: Ledger;
  readonly clock = () => this.nowMs;
  #grants = 0;

  static async open(): Promise<MoneyRig> {
    return new MoneyRig(await mkdtemp(join(tmpdir(), "sparegrid-money-")));
  }

  private constructor(dataDir: string) {
    this.dataDir = dataDir;
    this.begin();
  }

  /** Opens the database, again after `stop`. */
  begin(): void {
    this.database = openDatabase(this.dataDir);
    this.ledger = createLedger({ database: this.database, clock: this.clock });
  }

  stop(): void {
    this.ledger.close();
    this.database.close();
  }

  async end(): Promise<void> {
    this.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  grant(account: string, credits: number): void {
    const id = `test-grant:${this.#grants++}:${this.nowMs}`;
    const micro = microOf(credits);
    this.ledger.apply([{ id, kind: "grant", debit: "mint", credit: `wallet:${account}`, micro }]);
  }

  /** Microcredits that can be spent. */
  available(account: string): number {
    return this.ledger.balance(account).available;
  }

  pass(seconds: number): void {
    this.nowMs += seconds * 1_000;
  }
}
