import { mkdtemp, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { digestOf } from "../../protocol/digest.ts";
import { createApp } from "../app.ts";
import { readConfig } from "../config.ts";
import type { Store } from "../store/port.ts";
import { identity } from "../testing/description.ts";
import { operator } from "../testing/operator.ts";
import { type Wired, wire } from "../wire.ts";
import { BlobGate } from "./blob-gate.ts";
import { BlobSweep, type BlobSweepOptions } from "./blob-sweep.ts";
import { SoleUser } from "./sole-user.ts";

const key = "k".repeat(40);
const graceMs = 3_600_000;
let dataDir: string;
let wired: Wired;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "sparegrid-keep-"));
  const config = {
    ...readConfig({}),
    dataDir,
    runners: 0,
    jobRetentionHours: 0,
    blobGraceMs: graceMs,
  };
  wired = await wire(config, key, pino({ level: "silent" }));
});
afterEach(async () => {
  await wired.close();
  await rm(dataDir, { recursive: true, force: true });
});

function seed(): void {
  wired.deps.catalog.functions.publish({
    owner: operator.account,
    name: "double",
    digest: "a".repeat(64),
    description: identity,
    source: "",
    files: {},
    sourceMap: "{}",
    bundleBytes: 1,
    publishedAtMs: 1,
    settings: { visibility: "public" },
  });
}

test("an ended job is forgotten after its time, with its inline input, and says so", async () => {
  seed();
  const { deps, housekeeping } = wired;
  const running = await deps.submit.submit("job_1", operator, { function: "double", input: [1] });
  const ended = await deps.submit.submit("job_2", operator, { function: "double", input: [2] });
  const manifestOf = ({ input }: typeof ended) =>
    input.type === "dataset" ? input.manifest : undefined;
  await deps.jobs.cancel("job_2");
  await new Promise((resolve) => setTimeout(resolve, 5));
  await housekeeping.run();
  await age([manifestOf(running)!, manifestOf(ended)!]);
  await sweep();
  expect(await deps.store.blobs.has(manifestOf(running)!)).toBe(true);
  expect(await deps.store.blobs.has(manifestOf(ended)!)).toBe(false);
  const app = createApp(deps);
  const ask = (path: string) => app.request(path, { headers: { authorization: `Bearer ${key}` } });
  const result = await ask("/v1/jobs/job_2/result");
  expect([result.status, await result.json()]).toMatchObject([410, { code: "result-gone" }]);
  expect(await (await ask("/v1/jobs/job_2")).json()).toMatchObject({ status: "cancelled" });
  expect(await (await ask("/v1/jobs/job_1")).json()).toMatchObject({ status: "queued" });
});

test("a blob is not removed while something is being stored that may rely on it", async () => {
  const { catalog } = wired.deps;
  let nowMs = Date.now();
  const clock = () => nowMs;
  const gate = new BlobGate(graceMs, clock);
  const [digest] = await putOld(["shared"]);
  const has = () => wired.deps.store.blobs.has(digest!);
  await gate.storing(async () => {
    nowMs += 3 * graceMs;
    await sweep({ gate, clock });
    expect(await has()).toBe(true);
    catalog.blobRefs.hold("ds_1", [digest!]);
  });
  await sweep({ gate, clock });
  expect(await has()).toBe(true);
  catalog.blobRefs.release("ds_1");
  await sweep({ gate, clock });
  expect(await has()).toBe(false);
});

test("the same large result of two jobs stays when the first of them expires", async () => {
  const { store } = wired.deps;
  const bytes = Buffer.alloc(400_000, "x");
  const digest = digestOf(bytes);
  for (const id of ["job_a", "job_b"]) await submitAnswered(id, bytes);
  await age([digest]);
  await endJob("job_a");
  await wired.housekeeping.run();
  expect(await store.jobs.read("job_a")).toBeUndefined();
  await sweep();
  expect(await store.blobs.has(digest)).toBe(true);
  await endJob("job_b");
  await wired.housekeeping.run();
  expect(await store.jobs.read("job_b")).toBeUndefined();
  const sweptAgain = async () => {
    await sweep();
    return store.blobs.has(digest);
  };
  await expect.poll(sweptAgain, { timeout: 20_000 }).toBe(false);
});

test("orphans go, and what something needs stays", async () => {
  seed();
  const { deps } = wired;
  const named = (name: string) => Array.from({ length: 600 }, (_, i) => `${name} ${i}`);
  const [orphans, held] = [await putOld(named("orphan")), await putOld(named("held"))];
  deps.catalog.blobRefs.hold("ds_1", held);
  const [given] = await putOld(["given to a request"]);
  deps.gate.use(given!);
  const output = Buffer.alloc(300_000, "y");
  await submitAnswered("job_large", output);
  const spec = await deps.submit.submit("job_input", operator, { function: "double", input: [1] });
  const manifest = spec.input.type === "dataset" ? spec.input.manifest : "";
  const young = digestOf("young");
  await deps.store.blobs.put(young, Buffer.from("young"));
  await age([digestOf(output), manifest]);
  await sweep();
  const left = async (digests: readonly string[]) =>
    (await Promise.all(digests.map((digest) => deps.store.blobs.has(digest)))).filter(Boolean);
  expect(await left(orphans)).toHaveLength(0);
  expect(await left(held)).toHaveLength(held.length);
  expect(await left([given!, digestOf(output), manifest, young])).toHaveLength(4);
});

test.each([
  ["another catalog, days ago", "other", 3 * 24 * 3_600_000, false],
  ["a process of this catalog, just now", undefined, 60_000, false],
  ["a process of this catalog that is gone", undefined, 3_600_000, true],
])("with %s on the store", async (_name, catalog, agoMs, swept) => {
  const { deps } = wired;
  const user = { catalog: catalog ?? deps.catalog.id, process: "p" };
  const store: Store = {
    ...deps.store,
    present: async (_mine, nowMs) => [{ ...user, seenAtMs: nowMs - agoMs }],
  };
  const [digest] = await putOld(["orphan"]);
  await sweep({ store });
  expect(await deps.store.blobs.has(digest!)).toBe(!swept);
});

async function sweep(more: Partial<BlobSweepOptions> = {}): Promise<void> {
  const soleUser = new SoleUser({ ...wired.deps, ...more });
  await new BlobSweep({ ...wired.deps, soleUser, graceMs, ...more }).tick();
}

/** Blobs that nobody has put for longer than the grace time. */
async function putOld(texts: readonly string[]): Promise<string[]> {
  const digests = texts.map(digestOf);
  for (const [i, text] of texts.entries())
    await wired.deps.store.blobs.put(digests[i]!, Buffer.from(text));
  await age(digests);
  return digests;
}

async function age(digests: readonly string[]): Promise<void> {
  const then = new Date(Date.now() - 2 * graceMs);
  for (const digest of digests)
    await utimes(join(dataDir, "blobs", digest.slice(0, 2), digest), then, then);
}

/** A job of one task whose answer is a blob. */
async function submitAnswered(id: string, bytes: Buffer): Promise<void> {
  seed();
  const { store, submit } = wired.deps;
  await submit.submit(id, operator, { function: "double", input: [1] });
  await store.blobs.put(digestOf(bytes), bytes);
  const request = { holder: "ses_a", leases: 1, tasksMax: 1, leaseMs: 60_000, nowMs: Date.now() };
  const [lease] = await store.jobs.lease(id, request);
  const output = { level: 0, index: 0, hash: digestOf(bytes), bytes: bytes.byteLength };
  const { results } = await store.jobs.complete(id, [
    { ...lease!, outputs: [{ ...output, fuel: 1, hostClass: "test" }], earner: "acc_lender run_1" },
  ]);
  expect(results).toEqual(["accepted"]);
}

async function endJob(id: string): Promise<void> {
  const { store, jobReader } = wired.deps;
  await store.jobs.setStatus(id, "succeeded", { nowMs: Date.now() - 10, resultStage: 0 });
  await jobReader.read(id);
}
