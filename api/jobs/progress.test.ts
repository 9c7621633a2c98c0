import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { digestOf } from "../../protocol/digest.ts";
import type { Control, JobSpec, Kind, Output } from "../../protocol/job.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/port.ts";
import { jobSpecOf } from "../testing/job-spec.ts";
import { JobViews } from "./job-view.ts";
import { plan } from "./plan.ts";
import { Progress } from "./progress.ts";

/** What a process does for jobs whose gateway died between an answer and what follows from it. */
let dataDir: string;
let store: Store;
let progress: Progress;
let woken: string[];
let ends: [id: string, status: string][];
const nowMs = 1_790_000_000_000;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "sparegrid-progress-"));
  store = await openStore({ dataDir });
  woken = [];
  ends = [];
  progress = new Progress({
    store,
    views: new JobViews(store, () => nowMs),
    clock: () => nowMs,
    runnersOn: () => 0,
    onStage: (job) => woken.push(job),
    onStepped: async () => {},
    onEnded: (job, status) => ends.push([job, status]),
  });
});
afterEach(async () => {
  await store.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function create(kind: Kind, more: Partial<JobSpec> = {}): Promise<string> {
  const spec = jobSpecOf({
    id: `job_${kind}`,
    kind,
    input: { type: "range", count: 8 },
    recordsPerTask: 2,
    reducers: 2,
    roundsMax: 5,
    createdAtMs: nowMs,
    ...more,
  });
  await store.jobs.create(spec, plan(spec, []));
  return spec.id;
}

/** Answers every task of the current stage in the store alone, as a gateway that died right after. */
async function answerAll(id: string, control?: Control, fuel = 3): Promise<void> {
  const { stage, spec } = (await store.jobs.read(id))!;
  const request = { holder: "s", leases: 1, tasksMax: stage.tasks, leaseMs: 1000, nowMs };
  const [lease] = await store.jobs.lease(id, request);
  const outputs: Output[] = [];
  for (let index = 0; index < stage.tasks; index++) {
    const inline = Buffer.from(`${stage.entry} ${index}`);
    const levels = stage.entry === "map" && spec.kind === "mapReduce" ? spec.reducers : 1;
    for (let level = 0; level < levels; level++) {
      const common = { level, index, hash: digestOf(inline), bytes: inline.byteLength };
      outputs.push({ ...common, fuel, hostClass: "v8", inline });
    }
  }
  const { token, lo, hi } = lease!;
  const outcome = await store.jobs.complete(id, [
    { token, lo, hi, outputs, earner: "acc_lender run_1", ...(control && { control }) },
  ]);
  expect(outcome.finished).toBe(true);
}

const stageOf = async (id: string) => (await store.jobs.read(id))!.stage;

describe("repair", () => {
  test("leaves a stage alone that is not done", async () => {
    const id = await create("map");
    const [lease] = await store.jobs.lease(id, {
      holder: "s",
      leases: 1,
      tasksMax: 1,
      leaseMs: 1,
      nowMs,
    });
    expect(lease).toBeDefined();
    const before = await store.jobs.read(id);
    await progress.repair(id);
    await progress.repair("job_nobody");
    expect(await store.jobs.read(id)).toEqual(before);
    expect(woken).toEqual([]);
  });

  test("advances a done stage that nobody advanced, once", async () => {
    const id = await create("mapReduce");
    await answerAll(id);
    await Promise.all([progress.repair(id), progress.repair(id)]);
    expect(await stageOf(id)).toMatchObject({ number: 1, entry: "reduce", tasks: 2, from: 0 });
    expect(new Set(woken)).toEqual(new Set([id]));
    await progress.repair(id);
    expect((await stageOf(id)).number).toBe(1);
  });

  test("ends a job whose last stage is done, once, with its last events", async () => {
    const id = await create("map");
    await answerAll(id);
    await Promise.all([progress.repair(id), progress.repair(id)]);
    expect(await store.jobs.read(id)).toMatchObject({ status: "succeeded", resultStage: 0 });
    expect(ends).toEqual([[id, "succeeded"]]);
    const events = await store.events.read(id, 0, 10);
    expect(events.map(({ event }) => event.type)).toEqual(["progress", "status"]);
    expect(events[0]!.event).toMatchObject({ done: 4, total: 4, entry: "map" });
  });

  test.each([
    { done: false, goesOnWith: { entry: "map", round: 2 } },
    { done: true, goesOnWith: { entry: "finish", round: 1 } },
  ])("goes by what a step said: done is $done", async ({ done, goesOnWith }) => {
    const id = await create("iterate");
    for (const entry of ["init", "map"]) {
      expect((await stageOf(id)).entry).toBe(entry);
      await answerAll(id);
      await progress.repair(id);
    }
    const { number } = await stageOf(id);
    await answerAll(id, { done, metrics: { loss: 2 } });
    const { tasksDone, fuel } = (await store.jobs.read(id))!;
    await Promise.all([progress.repair(id), progress.repair(id)]);
    expect(await store.jobs.read(id)).toMatchObject({
      stage: { number: number + 1, ...goesOnWith },
      metrics: { loss: 2 },
      tasksDone,
      fuel,
    });
    const events = await store.events.read(id, 0, 10);
    const rounds = events.filter(({ event }) => event.type === "round");
    expect(rounds.map(({ event }) => event)).toMatchObject([{ done, metrics: { loss: 2 } }]);
  });

  test("cuts the input by what a probe counted", async () => {
    const manifest = digestOf("manifest");
    const format = "lines" as const;
    const input = { manifest, format, records: 400, shards: 2, bytes: 4000 };
    const spec = jobSpecOf({ id: "job_probed", kind: "map", input: { type: "dataset", ...input } });
    const shards = [200, 200].map((records) => ({ digest: digestOf("x"), records, bytes: 2000 }));
    const body = JSON.stringify({ format, records: 400, bytes: 4000, shards });
    await store.blobs.put(manifest, Buffer.from(body));
    await store.jobs.create(spec, plan(spec, shards));
    expect((await stageOf(spec.id)).entry).toBe("probe");
    await answerAll(spec.id, { records: 2 }, 400_000_000);
    await progress.repair(spec.id);
    expect(await stageOf(spec.id)).toMatchObject({ number: 1, entry: "map", tasks: 400 });
  });

  test("runs a step again whose word on whether to go on was not kept", async () => {
    const id = await create("iterate");
    for (const entry of ["init", "map"]) {
      expect((await stageOf(id)).entry).toBe(entry);
      await answerAll(id);
      await progress.repair(id);
    }
    const step = await stageOf(id);
    expect(step).toMatchObject({ entry: "step", round: 1 });
    await answerAll(id);
    woken = [];
    await progress.repair(id);
    expect(await stageOf(id)).toEqual({ ...step, number: step.number + 1 });
    expect((await store.jobs.read(id))!.done).toBe(0);
    expect(woken).toEqual([id]);
    // Its inputs are still there, its first answer is not.
    expect(await store.jobs.outputs(id, step.from!)).not.toHaveLength(0);
    expect(await store.jobs.outputs(id, step.state!)).toHaveLength(1);
    expect(await store.jobs.outputs(id, step.number)).toEqual([]);
    expect(ends).toEqual([]);
  });

  test("does not touch a job that was cancelled", async () => {
    const id = await create("map");
    await answerAll(id);
    expect(await progress.end(id, "cancelled")).toBe("changed");
    expect(await progress.end(id, "failed")).toBe("already");
    await progress.repair(id);
    expect((await store.jobs.read(id))!.status).toBe("cancelled");
    expect(ends).toEqual([[id, "cancelled"]]);
  });
});
