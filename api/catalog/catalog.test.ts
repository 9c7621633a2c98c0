import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { JobSpec } from "../../protocol/job.ts";
import { type Database, openDatabase } from "../database/open.ts";
import { identity } from "../testing/description.ts";
import { type Catalog, createCatalog } from "./catalog.ts";
import type { DatasetRow } from "./datasets.ts";
import type { NewVersion } from "./functions.ts";

let dataDir: string;
let database: Database;
let catalog: Catalog;
function open(): void {
  database = openDatabase(dataDir);
  catalog = createCatalog(database);
}
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "sparegrid-catalog-"));
  open();
});
afterEach(async () => {
  database.close();
  await rm(dataDir, { recursive: true, force: true });
});

test("publishing again is known, and moves the newest version back", () => {
  const publish = (letter: string, settings = {}) =>
    catalog.functions.publish({ ...version("a", letter), settings });
  const { outcome, function: row } = publish("1");
  expect([outcome, row.visibility]).toEqual(["created", "private"]);
  expect(publish("2", { visibility: "public" }).outcome).toBe("created");
  expect(publish("1").outcome).toBe("exists");
  const { id } = row;
  expect(catalog.functions.find("acc_1", "a")).toMatchObject({
    id,
    latest: digest("1"),
    visibility: "public",
  });
  const query = { account: "acc_1", sort: "name", limit: 10 } as const;
  expect(catalog.functions.list(query)).toMatchObject([{ function: { name: "a" }, versions: 2 }]);
  expect(catalog.functions.digestsBeginning(id, "2222")).toEqual([digest("2")]);
  expect(catalog.functions.digestsBeginning(id, "%")).toEqual([]);
});

test("what was written survives reopening", () => {
  const { id } = catalog;
  const { function: row } = catalog.functions.publish(version("a", "1"));
  database.close();
  open();
  expect(catalog.functions.version(row.id, digest("1"))?.description.title).toBe("a");
  expect(catalog.id).toBe(id);
});

test("a blob is held until its last holder lets it go", () => {
  const { blobRefs } = catalog;
  blobRefs.hold("ds_1", ["x", "y"]);
  blobRefs.hold("ds_2", ["y", "z"]);
  expect(blobRefs.unheld(["x", "y", "z", "w"])).toEqual(["w"]);
  blobRefs.release("ds_1");
  expect(blobRefs.unheld(["x", "y", "z"])).toEqual(["x"]);
  blobRefs.hold("ds_3", ["x"]);
  blobRefs.releaseOne("ds_2", "y");
  expect(blobRefs.unheld(["x", "y", "z"])).toEqual(["y"]);
  expect(blobRefs.unheld([])).toEqual([]);
});

test("a dataset is read by a job until the job has ended", () => {
  catalog.datasets.insert(dataset("ds_1"));
  catalog.jobs.insert(spec("job_1"), { ...note, datasets: ["ds_1"] });
  expect(catalog.datasets.readingJob("ds_1")).toEqual({ job: "job_1", owner: "acc_1" });
  catalog.jobs.ended("job_1", finalOf("job_1"), 5, undefined);
  expect(catalog.datasets.readingJob("ds_1")).toBeUndefined();
});

test("jobs page newest first, by status and function", () => {
  for (const id of ["job_1", "job_2", "job_3"]) catalog.jobs.insert(spec(id), note);
  expect(catalog.jobs.insert(spec("job_3"), note)).toBe("exists");
  catalog.jobs.ended("job_2", finalOf("job_2"), 5, undefined);
  const ids = (filter: object) => catalog.jobs.list({ limit: 10, ...filter }).map((row) => row.id);
  expect(ids({})).toEqual(["job_3", "job_2", "job_1"]);
  expect(ids({ cursor: "job_3", limit: 1 })).toEqual(["job_2"]);
  expect(ids({ status: "succeeded" })).toEqual(["job_2"]);
  expect(ids({ owner: "acc_2" })).toEqual([]);
  expect(ids({ function: { owners: ["acc_2"], name: "f" } })).toEqual([]);
  expect(ids({ function: { owners: ["acc_1", "acc_2"], name: "f" } })).toHaveLength(3);
  expect(catalog.jobs.countActive()).toBe(2);
});

test("an ended job keeps its first end", () => {
  catalog.jobs.insert(spec("job_1"), note);
  catalog.jobs.ended("job_1", finalOf("job_1"), 5, undefined);
  catalog.jobs.ended("job_1", { ...finalOf("job_1"), status: "failed" }, 6, undefined);
  expect(catalog.jobs.find("job_1")).toMatchObject({ status: "succeeded", endedAtMs: 5 });
});

test("idempotency keys are bounded in age and number", () => {
  for (let i = 0; i < 5; i++)
    catalog.idempotency.begin({ key: `k${i}`, request: "r", resource: "s", createdAtMs: i });
  catalog.idempotency.trim(1, 3);
  const kept = [0, 1, 2, 3, 4].filter((i) => catalog.idempotency.find(`k${i}`));
  expect(kept).toEqual([2, 3, 4]);
});

function digest(letter: string): string {
  return letter.repeat(64);
}

function version(name: string, letter: string): NewVersion {
  return {
    owner: "acc_1",
    name,
    digest: digest(letter),
    description: { ...identity, title: name },
    source: "",
    files: {},
    sourceMap: "{}",
    bundleBytes: 1,
    publishedAtMs: Number(letter),
  };
}

const note = { function: { owner: "acc_1", name: "f" }, datasets: [] };

function dataset(id: string): DatasetRow {
  return {
    id,
    owner: "acc_1",
    visibility: "private",
    name: id,
    format: "lines",
    digest: digest("d"),
    bytes: 1,
    records: 1,
    shards: 1,
    skipped: 0,
    job: null,
    createdAtMs: 1,
  };
}

function spec(id: string): JobSpec {
  return {
    id,
    owner: "acc_1",
    kind: "map",
    function: "f",
    version: digest("a"),
    bundle: digest("a"),
    input: { type: "range", count: 1 },
    params: {},
    uses: {},
    seed: 0,
    reducers: 1,
    roundsMax: 1,
    output: { type: "json", contentType: "application/json" },
    limits: { fuelPerTask: 1, memoryMb: 64, timeoutMs: 1000 },
    createdAtMs: 1,
  };
}

function finalOf(id: string) {
  return {
    id,
    function: "f",
    version: digest("a"),
    kind: "map" as const,
    status: "succeeded" as const,
    createdAt: new Date(1).toISOString(),
    stage: 0,
    entry: "map" as const,
    round: 0,
    progress: { done: 1, total: 1 },
    tasksDone: 1,
    records: 1,
    metrics: {},
    fuel: 1,
    cost: 0,
    seed: 0,
    params: {},
  };
}
