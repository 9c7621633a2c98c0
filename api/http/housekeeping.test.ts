import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { digestOf } from "../../protocol/digest.ts";
import { createApp } from "../app.ts";
import { readConfig } from "../config.ts";
import type { Store } from "../store/port.ts";
import { type Wired, wire } from "../wire.ts";
import { BlobGate } from "./blob-gate.ts";
import { BlobSweep } from "./blob-sweep.ts";

const key = "k".repeat(40);
const graceMs = 200;
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
  wired.deps.catalog.functions.publish(
    {
      function: "double",
      digest: "a".repeat(64),
      description: {
        kind: "map",
        title: "Double",
        input: { type: "items" },
        params: {},
        uses: {},
        combine: false,
        finish: false,
        output: { type: "json", contentType: "application/json" },
        example: false,
      },
      source: "",
      files: {},
      readme: null,
      sourceMap: "{}",
      bundleBytes: 1,
      publishedAtMs: 1,
    },
    "public",
  );
}

test("an ended job is forgotten after its time, with its inline input, and says so", async () => {
  seed();
  const { deps, housekeeping } = wired;
  const running = await deps.submit.submit("job_1", { function: "double", input: [1] });
  const ended = await deps.submit.submit("job_2", { function: "double", input: [2] });
  const manifestOf = ({ input }: typeof ended) =>
    input.type === "dataset" ? input.manifest : undefined;
  await deps.jobs.cancel("job_2");
  await new Promise((resolve) => setTimeout(resolve, 5));
  await housekeeping.run();
  await rounds();
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
  const { gate, catalog, store } = wired.deps;
  const bytes = Buffer.from("shared");
  const digest = digestOf(bytes);
  await gate.storing(async () => {
    await store.blobs.put(digest, bytes);
    await rounds();
    expect(await store.blobs.has(digest)).toBe(true);
    catalog.blobRefs.hold("ds_1", [digest]);
  });
  await rounds();
  expect(await store.blobs.has(digest)).toBe(true);
  catalog.blobRefs.release("ds_1");
  await rounds();
  expect(await store.blobs.has(digest)).toBe(false);
});

test("the same large result of two jobs stays when the first of them expires", async () => {
  const { store } = wired.deps;
  const bytes = Buffer.alloc(400_000, "x");
  const [first, second] = ["job_a", "job_b"];
  await submitAnswered(first, bytes);
  await submitAnswered(second, bytes);
  await endJob(first);
  await rounds();
  expect(await store.jobs.read(first)).toBeUndefined();
  expect(await store.blobs.has(digestOf(bytes))).toBe(true);
  await endJob(second);
  await expect.poll(() => store.blobs.has(digestOf(bytes)), { timeout: 10_000 }).toBe(false);
});

test("orphans go, and what something needs stays", async () => {
  seed();
  const { deps } = wired;
  const { blobs } = deps.store;
  const put = async (text: string) => {
    await blobs.put(digestOf(text), Buffer.from(text));
    return digestOf(text);
  };
  const orphans = await Promise.all(Array.from({ length: 1200 }, (_, i) => put(`orphan ${i}`)));
  const held = await Promise.all(Array.from({ length: 1200 }, (_, i) => put(`held ${i}`)));
  deps.catalog.blobRefs.hold("ds_1", held);
  const given = await put("given to a request");
  deps.gate.use(given);
  const output = Buffer.alloc(300_000, "y");
  await submitAnswered("job_large", output);
  const spec = await deps.submit.submit("job_input", { function: "double", input: [1] });
  const input = spec.input.type === "dataset" ? spec.input.manifest : "";
  const left = async (digests: string[]) =>
    (await Promise.all(digests.map((digest) => blobs.has(digest)))).filter(Boolean).length;
  await expect.poll(() => left(orphans), { timeout: 20_000 }).toBe(0);
  expect(await left(held)).toBe(1200);
  expect(await left([given, digestOf(output), input])).toBe(3);
});

test("what was put within the grace time stays", async () => {
  const { deps } = wired;
  const gate = new BlobGate(0, deps.clock);
  const digest = digestOf("young");
  deps.gate.use(digest);
  await deps.store.blobs.put(digest, Buffer.from("young"));
  await new BlobSweep({ ...deps, gate, graceMs: 60_000 }).tick();
  expect(await deps.store.blobs.has(digest)).toBe(true);
  await new BlobSweep({ ...deps, gate, graceMs: 0 }).tick();
  expect(await deps.store.blobs.has(digest)).toBe(false);
});

test.each([
  ["another catalog, days ago", { catalog: "other", process: "p" }, 3 * 24 * 3_600_000, false],
  ["a process of this catalog, just now", { catalog: "", process: "p" }, 60_000, false],
  ["a process of this catalog that is gone", { catalog: "", process: "p" }, 3_600_000, true],
])("with %s on the store", async (_name, user, agoMs, swept) => {
  const { deps } = wired;
  const catalog = user.catalog || deps.catalog.id;
  const store: Store = {
    ...deps.store,
    present: async (_mine, nowMs) => [{ ...user, catalog, seenAtMs: nowMs - agoMs }],
  };
  // The server's own sweep knows of nobody else: what it must not see is given to a request.
  const digest = digestOf("orphan");
  deps.gate.use(digest);
  await deps.store.blobs.put(digest, Buffer.from("orphan"));
  const gate = new BlobGate(0, deps.clock);
  await new BlobSweep({ ...deps, gate, store, graceMs: 0 }).tick();
  expect(await deps.store.blobs.has(digest)).toBe(!swept);
});

/** Time enough for a blob to become idle, and for a sweep after that. */
async function rounds(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, graceMs * 6));
}

/** A job of one task whose answer is a blob. */
async function submitAnswered(id: string, bytes: Buffer): Promise<void> {
  seed();
  const { store, submit, gate } = wired.deps;
  await submit.submit(id, { function: "double", input: [1] });
  await gate.storing(async () => {
    await store.blobs.put(digestOf(bytes), bytes);
    const nowMs = Date.now();
    const [lease] = await store.jobs.lease(id, {
      holder: "ses_a",
      leases: 1,
      tasksMax: 1,
      leaseMs: 60_000,
      nowMs,
    });
    const output = { level: 0, index: 0, hash: digestOf(bytes), bytes: bytes.byteLength };
    const { results } = await store.jobs.complete(id, [
      { ...lease!, outputs: [{ ...output, fuel: 1, hostClass: "test" }] },
    ]);
    expect(results).toEqual(["accepted"]);
  });
}

async function endJob(id: string): Promise<void> {
  const { store, jobReader } = wired.deps;
  const ended = { nowMs: Date.now() - 10, resultStage: 0 };
  await store.jobs.setStatus(id, "succeeded", ended);
  await jobReader.read(id);
}
