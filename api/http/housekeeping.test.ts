import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { digestOf } from "../../protocol/digest.ts";
import { createApp } from "../app.ts";
import { readConfig } from "../config.ts";
import { type Wired, wire } from "../wire.ts";

const key = "k".repeat(40);
let dataDir: string;
let wired: Wired;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "sparegrid-keep-"));
  const config = { ...readConfig({}), dataDir, runners: 0, jobRetentionHours: 0 };
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
  await store.blobs.put(digest, bytes);
  catalog.blobRefs.discard([digest]);
  await gate.storing(async () => {
    expect(await store.blobs.put(digest, bytes)).toBe("exists");
    await gate.collect();
    expect(await store.blobs.has(digest)).toBe(true);
    catalog.blobRefs.hold("ds_1", [digest]);
  });
  await gate.collect();
  expect(await store.blobs.has(digest)).toBe(true);
  catalog.blobRefs.release("ds_1");
  await gate.collect();
  expect(await store.blobs.has(digest)).toBe(false);
});
