import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import SQLite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDatabase, openEmpty } from "./open.ts";

const migrations = path.resolve(import.meta.dirname, "../../migrations");
const journalFile = "meta/_journal.json";
interface Journal {
  entries: { tag: string; when: number }[];
}

let folder: string;
let journal: Journal;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "sparegrid-migrations-"));
  journal = JSON.parse(await readFile(path.join(migrations, journalFile), "utf8")) as Journal;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A data folder as a program left it that knew only the first `count` migrations. */
async function olderBy(count: number): Promise<string> {
  const dataDir = await mkdtemp(path.join(folder, "data-"));
  const known = path.join(dataDir, "migrations");
  await cp(migrations, known, { recursive: true });
  const entries = journal.entries.slice(0, count);
  await writeFile(path.join(known, journalFile), JSON.stringify({ ...journal, entries }));
  const client = new SQLite(path.join(dataDir, "catalog.db"));
  migrate(drizzle({ client }), { migrationsFolder: known });
  client
    .prepare("insert into blob_refs (holder, digest) values (?, ?)")
    .run("ds_old", "0".repeat(64));
  client.close();
  return dataDir;
}

const schemaOf = (client: SQLite.Database) =>
  client
    .prepare(
      "select type, name, sql from sqlite_master where name not like 'sqlite_%' order by type, name",
    )
    .all();

describe("a database of an older version", () => {
  test("is brought up to date from wherever it stands, and keeps what it has", async () => {
    const fresh = openEmpty();
    const schema = schemaOf(fresh);
    fresh.close();
    for (let count = 1; count <= journal.entries.length; count++) {
      const database = openDatabase(await olderBy(count));
      const { tag } = journal.entries[count - 1]!;
      expect(schemaOf(database.client), `after ${tag}`).toEqual(schema);
      const kept = database.client.prepare("select holder from blob_refs").all();
      expect(kept, `after ${tag}`).toEqual([{ holder: "ds_old" }]);
      database.close();
    }
  });

  test("misses no migration: each is younger than the one before", () => {
    const times = journal.entries.map(({ when }) => when);
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  });
});

test("a database of a newer version is left alone, and says so", async () => {
  const dataDir = await olderBy(journal.entries.length);
  const client = new SQLite(path.join(dataDir, "catalog.db"));
  client
    .prepare("insert into __drizzle_migrations (hash, created_at) values ('later', ?)")
    .run(journal.entries.at(-1)!.when + 1);
  client.close();
  expect(() => openDatabase(dataDir)).toThrow(/newer version/);
});

test("notes are written without a flush, and whatever comes after them is flushed again", async () => {
  const database = openDatabase(await mkdtemp(path.join(folder, "data-")));
  const { client, transaction, unflushed } = database;
  const full = 2;
  const level = () => client.pragma("synchronous", { simple: true });
  const note = (holder: string) =>
    client.prepare("insert into blob_refs (holder, digest) values (?, 'd')").run(holder);
  const noted = unflushed(() => {
    note("a");
    return level();
  });
  expect([noted, level()]).toEqual([1, full]);
  expect(() => unflushed(() => note("a"))).toThrow(/UNIQUE/);
  expect(level()).toBe(full);
  expect(() =>
    transaction(() => {
      unflushed(() => note("b"));
      throw new Error("undone");
    }),
  ).toThrow("undone");
  expect(level()).toBe(full);
  const kept = client.prepare("select holder from blob_refs").all();
  expect(kept).toEqual([{ holder: "a" }]);
  database.close();
});
