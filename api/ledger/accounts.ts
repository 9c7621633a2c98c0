import type SQLite from "better-sqlite3";
import { LRUCache } from "lru-cache";
import type { LedgerAccount } from "./port.ts";

const cachedMax = 10_000;

/**
 * Names of ledger accounts to their numbers. Only what is committed is remembered: an account made in a transaction that
 * is rolled back is none, and its number will be another's.
 */
export class AccountNumbers {
  readonly #client: SQLite.Database;
  readonly #cache = new LRUCache<LedgerAccount, number>({ max: cachedMax });
  readonly #find: SQLite.Statement<[string], number>;
  readonly #last: SQLite.Statement<[], number>;
  readonly #insert: SQLite.Statement<[string]>;
  /** Accounts are numbered in order and never removed: up to this number all are there for good. */
  #committed = 0;

  constructor(client: SQLite.Database) {
    this.#client = client;
    this.#find = client
      .prepare<[string], number>("SELECT id FROM ledger_accounts WHERE name = ?")
      .pluck();
    this.#last = client.prepare<[], number>("SELECT max(id) FROM ledger_accounts").pluck();
    this.#insert = client.prepare("INSERT INTO ledger_accounts (name) VALUES (?)");
  }

  find(name: LedgerAccount): number | undefined {
    const cached = this.#cache.get(name);
    if (cached !== undefined) return cached;
    const number = this.#find.get(name);
    if (number !== undefined && number <= this.#committed) this.#cache.set(name, number);
    return number;
  }

  findOrMake(name: LedgerAccount): number {
    return this.find(name) ?? Number(this.#insert.run(name).lastInsertRowid);
  }

  /** To be called before a transaction may begin: all that is there now stays. */
  noteCommitted(): void {
    if (!this.#client.inTransaction) this.#committed = this.#last.get() ?? 0;
  }
}
