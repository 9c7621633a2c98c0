import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import SQLite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import { expect, test } from "vitest";
import { openDatabase } from "../database/open.ts";
import { createCatalog } from "./catalog.ts";

const digests = ["1", "2"].map((letter) => letter.repeat(64));

test("what was there before accounts becomes the operator's", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "sparegrid-migration-"));
  try {
    await oldCatalog(dataDir);
    const database = openDatabase(dataDir);
    const catalog = createCatalog(database);
    const row = catalog.functions.find("acc_operator", "count")!;
    // The version that was published last had been published before, too.
    expect(row).toMatchObject({ latest: digests[0], kind: "map", visibility: "public", runs: 1 });
    expect(catalog.functions.version(row.id, digests[0]!)).toMatchObject({ release: 2 });
    expect(catalog.functions.version(row.id, digests[1]!)).toMatchObject({ release: 1 });
    const query = { account: "acc_1", text: "words", sort: "relevance", limit: 10 } as const;
    expect(catalog.functions.list(query)).toHaveLength(1);
    expect(catalog.datasets.find("ds_1")).toMatchObject({
      owner: "acc_operator",
      visibility: "private",
    });
    expect(catalog.jobs.list({ owner: "acc_operator", limit: 10 })).toHaveLength(1);
    expect(catalog.usage.countUsers(row.id)).toBe(1);
    expect(catalog.idempotency.find("acc_operator k")).toBeDefined();
    expect(catalog.blobRefs.unheld(digests)).toEqual([]);
    database.close();
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});

/** A catalog as it was before the market's migration. */
async function oldCatalog(dataDir: string): Promise<void> {
  const migrationsFolder = join(dataDir, "migrations");
  await cp(join(import.meta.dirname, "../../migrations"), migrationsFolder, { recursive: true });
  const journalPath = join(migrationsFolder, "meta/_journal.json");
  const journal = JSON.parse(await readFile(journalPath, "utf8")) as {
    entries: { tag: string }[];
  };
  const first = journal.entries.findIndex(({ tag }) => tag.endsWith("_market"));
  const entries = journal.entries.slice(0, first);
  await writeFile(journalPath, JSON.stringify({ ...journal, entries }));
  const client = new SQLite(join(dataDir, "catalog.db"));
  migrate(drizzle({ client }), { migrationsFolder });
  client.exec(`
    INSERT INTO functions (name, visibility, latest, published_at_ms) VALUES ('count', 'public', '${digests[0]}', 3);
    INSERT INTO datasets VALUES ('ds_1', 'n', 'lines', 'd', 1, 1, 1, 0, NULL, 1);
    INSERT INTO jobs (id, function, version, kind, status, ended, spec, final, created_at_ms)
      VALUES ('job_1', 'count', '${digests[0]}', 'map', 'succeeded', 1, '{}', '{"records":5}', 1);
    INSERT INTO idempotency (key, request, resource, created_at_ms) VALUES ('k', 'r', 's', 1);
  `);
  const version = client.prepare(
    "INSERT INTO versions VALUES ('count', ?, ?, 'source', '{}', NULL, '{}', 1, ?)",
  );
  const holder = client.prepare("INSERT INTO blob_refs VALUES ('function count', ?)");
  const description = JSON.stringify({ kind: "map", title: "Counts words" });
  digests.forEach((digest, at) => {
    version.run(digest, description, at + 1);
    holder.run(digest);
  });
  client.close();
}
