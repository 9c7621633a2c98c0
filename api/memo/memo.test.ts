import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digestOf } from "../../protocol/digest.ts";
import { earnerOf } from "../../protocol/earner.ts";
import { everyonePool, ownPool } from "../../protocol/http-pools.ts";
import type { JobSpec, Output } from "../../protocol/job.ts";
import { rememberedFuelMin } from "../../protocol/limits.ts";
import type { Manifest } from "../../protocol/manifest.ts";
import { type JobView, JobViews } from "../jobs/job-view.ts";
import { openStore } from "../store/open-store.ts";
import type { RecalledTask, Store } from "../store/port.ts";
import { jobSpecOf } from "../testing/job-spec.ts";
import { canonical, familyOf } from "./family.ts";
import { createMemory, type Memory } from "./index.ts";

const owner = "acc_1";
const hostClass = `v8-${process.versions.v8.replace(/-node.*/, "")}-x64`;
const dataDir = mkdtempSync(join(tmpdir(), "sparegrid-memo-"));
let store: Store;
let views: JobViews;
let memory: Memory;
const warnings: unknown[] = [];

beforeAll(async () => {
  store = await openStore({ dataDir });
  views = new JobViews(store, Date.now);
  memory = createMemory({
    store,
    views,
    mayServe: (work, lender) => work.pool === everyonePool || lender === work.owner,
    use: () => {},
    bytesPerOwnerMax: 1e9,
    bytesMax: 1e9,
    keptMs: 1e6,
    clock: Date.now,
    log: { warn: (fields: object) => void warnings.push(fields) } as never,
  });
});
afterAll(async () => {
  expect(warnings).toEqual([]);
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

let jobs = 0;
const shardsOf = (...names: string[]) =>
  names.map((name) => ({ digest: digestOf(name), bytes: 100, records: 5 }));

/** A job's view at its map, one task a shard. */
async function viewOf(shards: Manifest["shards"], more: Partial<JobSpec> = {}): Promise<JobView> {
  const manifest = Buffer.from(JSON.stringify({ format: "lines", shards } satisfies Manifest));
  await store.blobs.put(digestOf(manifest), manifest);
  const count = shards.length;
  const spec = jobSpecOf({
    id: `job_${++jobs}`,
    kind: "mapReduce",
    owner,
    pool: everyonePool,
    memo: "use",
    reducers: 2,
    input: {
      type: "dataset",
      manifest: digestOf(manifest),
      format: "lines",
      records: count * 5,
      shards: count,
      bytes: count * 100,
    },
    ...more,
  });
  const tasking = { type: "shards" } as const;
  await store.jobs.create(spec, { number: 0, round: 0, entry: "map", tasks: count, tasking });
  return (await views.get(spec.id))!;
}

function outputsOf(task: number, more: Partial<Output> = {}): Output[] {
  return [0, 1].map((level) => {
    const inline = Buffer.from(`[${task},${level},"${"x".repeat(level * 5000)}"]`);
    const fuel = level === 0 ? rememberedFuelMin : 0;
    const common = { level, index: task, fuel, bytes: inline.byteLength, hostClass };
    return { ...common, hash: digestOf(inline), inline, ...more };
  });
}

/** Task `task` of a job was answered by a machine of `by`. */
function accept(view: JobView, task: number, by = owner, more: Partial<Output> = {}): void {
  const outputs = outputsOf(task, more);
  const answer = { lo: task, hi: task + 1, outputs, earner: earnerOf(by, "run_1") };
  memory.remember.accepted(view, answer, new Set([task]));
}

async function recalled(view: JobView): Promise<RecalledTask[]> {
  const all: RecalledTask[] = [];
  await memory.recall.recall(view, async (tasks) => all.push(...tasks) > 0);
  return all.sort((a, b) => a.task - b.task);
}
const tasksOf = async (view: JobView) => (await recalled(view)).map(({ task }) => task);

describe("what is remembered", () => {
  test("outputs come back for the same shard of a longer dataset, large ones as blobs", async () => {
    const params = { test: "same" };
    const view = await viewOf(shardsOf("a", "b", "end"), { params });
    accept(view, 0);
    accept(view, 1);
    accept(view, 2);
    const longer = await viewOf(shardsOf("a", "b", "longer end", "c"), { params });
    const found = await recalled(longer);
    expect(found.map(({ task }) => task)).toEqual([0, 1]);
    const [small, large] = found[1]!.outputs;
    expect(small).toEqual(outputsOf(1)[0]);
    const { inline, ...rest } = outputsOf(1)[1]!;
    expect(large).toEqual(rest);
    expect(await store.blobs.get(large!.hash)).toEqual(inline);
  });

  test("a shard that has moved, or was cut elsewhere, is another task", async () => {
    const params = { test: "moved" };
    const view = await viewOf(shardsOf("a", "b"), { params });
    accept(view, 1);
    expect(await tasksOf(await viewOf(shardsOf("a", "c", "b"), { params }))).toEqual([]);
    const cut = shardsOf("a", "b").map((shard) => ({ ...shard, records: 6 }));
    expect(await tasksOf(await viewOf(cut, { params }))).toEqual([]);
  });

  test("small tasks are not, nor those of another engine, nor a job's that leaves nothing", async () => {
    const params = { test: "small" };
    const view = await viewOf(shardsOf("a", "b"), { params });
    accept(view, 0, owner, { fuel: rememberedFuelMin - 1 });
    accept(view, 1, owner, { hostClass: "v8-1.2.3-x64" });
    const { memo: _, ...silent } = view.spec;
    accept({ ...view, spec: silent }, 0);
    expect(await tasksOf(await viewOf(shardsOf("a", "b"), { params }))).toEqual([]);
  });

  test("a job that computes anew takes nothing, and what it computed serves the next", async () => {
    const params = { test: "renewed" };
    const view = await viewOf(shardsOf("a"), { params, memo: "renew" });
    expect(memory.recall.isDue(view)).toBe(false);
    accept(view, 0);
    const next = await viewOf(shardsOf("a"), { params });
    expect(memory.recall.isDue(next)).toBe(true);
    expect(await tasksOf(next)).toEqual([0]);
    expect(memory.recall.isDue(next)).toBe(false);
  });

  test("one whose blob is gone is computed again", async () => {
    const params = { test: "gone" };
    const view = await viewOf(shardsOf("a"), { params });
    accept(view, 0);
    await memory.remember.settled();
    await store.blobs.remove([outputsOf(0)[1]!.hash]);
    expect(await tasksOf(await viewOf(shardsOf("a"), { params }))).toEqual([]);
  });
});

describe("whom it serves", () => {
  test("nobody but its owner", async () => {
    const params = { test: "owner" };
    const view = await viewOf(shardsOf("a"), { params });
    accept(view, 0);
    const other = { params, owner: "acc_2" };
    expect(await tasksOf(await viewOf(shardsOf("a"), other))).toEqual([]);
  });

  test("a stranger's result serves no job that is the owner's machines' alone", async () => {
    const params = { test: "stranger" };
    const view = await viewOf(shardsOf("a", "b"), { params });
    accept(view, 0, "acc_stranger");
    accept(view, 1, owner);
    expect(await tasksOf(await viewOf(shardsOf("a", "b"), { params, pool: ownPool }))).toEqual([1]);
    expect(await tasksOf(await viewOf(shardsOf("a", "b"), { params }))).toEqual([0, 1]);
  });
});

describe("a family", () => {
  const spec = jobSpecOf({ id: "job_1", kind: "map", params: { a: 1, b: { c: 2, d: [3] } } });
  const manifest: Manifest = { format: "csv", columns: ["x"], shards: shardsOf("a", "b") };
  const family = familyOf(spec, manifest, "1");

  test("is the same whatever follows the first shard, and however parameters are written", () => {
    expect(familyOf(spec, { ...manifest, shards: shardsOf("a", "z", "y") }, "1")).toBe(family);
    const params = { b: { d: [3], c: 2 }, a: 1 };
    expect(familyOf({ ...spec, id: "job_2", params, bidHundredths: 200 }, manifest, "1")).toBe(
      family,
    );
    expect(canonical({ b: [{ y: 1, x: null }], a: "ü" })).toBe('{"a":"ü","b":[{"x":null,"y":1}]}');
  });

  test.each<[string, Partial<JobSpec>]>([
    ["bundle", { bundle: digestOf("other") }],
    ["parameters", { params: { a: 1, b: { c: 2, d: [4] } } }],
    ["constants", { uses: { model: { digest: digestOf("m"), type: "json" } } }],
    ["seed", { seed: 2 }],
    ["partitions", { reducers: 2 }],
    ["fuel limit", { limits: { ...spec.limits, fuelPerTask: 5 } }],
    ["memory limit", { limits: { ...spec.limits, memoryMb: 5 } }],
  ])("is another with another %s", (_what, other) => {
    expect(familyOf({ ...spec, ...other }, manifest, "1")).not.toBe(family);
  });

  test("is another with other columns, another format, another first shard, another engine", () => {
    expect(familyOf(spec, { ...manifest, columns: ["y"] }, "1")).not.toBe(family);
    expect(familyOf(spec, { ...manifest, format: "lines" }, "1")).not.toBe(family);
    expect(familyOf(spec, { ...manifest, shards: shardsOf("b", "a") }, "1")).not.toBe(family);
    expect(familyOf(spec, manifest, "2")).not.toBe(family);
    expect(familyOf(spec, undefined, "1")).not.toBe(family);
  });
});
