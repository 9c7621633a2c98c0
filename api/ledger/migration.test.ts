import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import SQLite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import { expect, test } from "vitest";
import { openDatabase } from "../database/open.ts";
import { createLedger } from "./ledger.ts";

const migrations = fileURLToPath(new URL("../../migrations", import.meta.url));

/** The migrations folder of the release before the ledger. */
function earlierMigrations(folder: string): string {
  const earlier = join(folder, "migrations");
  cpSync(migrations, earlier, { recursive: true });
  const path = join(earlier, "meta", "_journal.json");
  const journal = JSON.parse(readFileSync(path, "utf8")) as { entries: { tag: string }[] };
  const ledger = journal.entries.findIndex(({ tag }) => tag.endsWith("_ledger"));
  expect(ledger).toBeGreaterThan(0);
  journal.entries.length = ledger;
  writeFileSync(path, JSON.stringify(journal));
  return earlier;
}

test("a database from before the ledger keeps its rows and gets one", () => {
  const folder = mkdtempSync(join(tmpdir(), "sparegrid-migration-"));
  const old = new SQLite(join(folder, "catalog.db"));
  migrate(drizzle({ client: old }), { migrationsFolder: earlierMigrations(folder) });
  old.exec("INSERT INTO identity (id) VALUES ('from before')");
  expect(() => old.exec("SELECT * FROM ledger_transfers")).toThrow("no such table");
  old.close();
  for (const expected of ["created", "exists"]) {
    const database = openDatabase(folder);
    const ledger = createLedger({ database, clock: Date.now });
    const grant = { id: "g", kind: "grant", debit: "mint", credit: "wallet:a", micro: 5 } as const;
    expect(ledger.apply([grant])).toEqual([expected]);
    expect(ledger.verify()).toMatchObject({ minted: 5, inWallets: 5 });
    expect(ledger.verify().violation).toBeUndefined();
    expect(database.client.prepare("SELECT id FROM identity").pluck().get()).toBe("from before");
    database.close();
  }
  rmSync(folder, { recursive: true });
});
