import SQLite from "better-sqlite3";
import type { Transfer } from "../../api/ledger/port.ts";

export interface RawLedger {
  /** All in one transaction. */
  apply(transfers: readonly Transfer[]): void;
  close(): void;
}

/**
 * The same writes without rules: two balances and one row with a unique id for each transfer, on prepared statements,
 * with the same durability. Who is who is known beforehand.
 */
export function openRawLedger(path: string, accounts: readonly string[]): RawLedger {
  const client = new SQLite(path);
  client.pragma("journal_mode = WAL");
  client.pragma("synchronous = FULL");
  client.exec(`
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
    CREATE TABLE transfers (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
      debit INTEGER NOT NULL, credit INTEGER NOT NULL, micro INTEGER NOT NULL, about TEXT, at_ms INTEGER NOT NULL);`);
  const numbers = new Map(accounts.map((name, at) => [name, at + 1]));
  const account = client.prepare("INSERT INTO accounts (balance) VALUES (?)");
  const debit = client.prepare("UPDATE accounts SET balance = balance - ? WHERE id = ?");
  const credit = client.prepare("UPDATE accounts SET balance = balance + ? WHERE id = ?");
  const row = client.prepare(
    "INSERT INTO transfers (id, kind, debit, credit, micro, about, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  client.transaction(() => {
    for (const _ of accounts) account.run(1e12);
  })();
  const apply = client.transaction((transfers: readonly Transfer[]) => {
    for (const transfer of transfers) {
      const from = numbers.get(transfer.debit)!;
      const to = numbers.get(transfer.credit)!;
      const { id, kind, micro, about } = transfer;
      debit.run(micro, from);
      credit.run(micro, to);
      row.run(id, kind, from, to, micro, JSON.stringify(about), Date.now());
    }
  });
  return { apply, close: () => client.close() };
}
