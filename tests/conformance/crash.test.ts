import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openEmbeddedStore } from "../../api/store/embedded/store.ts";
import type { Store } from "../../api/store/port.ts";
import { linesUntilKilled } from "../support/doomed-child.ts";
import {
  earner,
  jobSpec,
  nowMs,
  output,
  outputsOf,
  randomOf,
  request,
  stageOf,
} from "./fixtures.ts";

const seed = Number(process.env.SEED ?? Date.now() % 1e9);
const crashes = 12;

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "sparegrid-crash-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

/** What a child promised before it was killed. */
interface Promises {
  created: string[];
  ended: string[];
  events: [id: string, number: number][];
}

async function workUntilKilled(childSeed: number, afterMs: number): Promise<Promises> {
  const script = join(import.meta.dirname, "crash-child.ts");
  const promises: Promises = { created: [], ended: [], events: [] };
  for await (const line of linesUntilKilled(script, [dataDir, String(childSeed)], afterMs)) {
    const [what, id, number] = line.split(" ") as [string, string, string];
    if (what === "created") promises.created.push(id);
    if (what === "ended") promises.ended.push(id);
    if (what === "event") promises.events.push([id, Number(number)]);
  }
  return promises;
}

/** Every stage of an active job must be a consistent prefix: what is counted is there, and nothing else. */
async function checkJob(store: Store, id: string): Promise<void> {
  const state = (await store.jobs.read(id))!;
  const outputs = await store.jobs.outputs(id, state.stage.number);
  expect(outputs.length, `${id}: outputs of tasks that are done`).toBe(state.done);
  expect(new Set(outputs.map(({ index }) => index)).size).toBe(outputs.length);
  expect(state.fuel).toBe(state.tasksDone * 10);
  const before = state.stage.number - 1;
  if (before >= 0) {
    const consumed = await store.jobs.outputs(id, before);
    expect(consumed.map(({ index }) => index)).toEqual(consumed.map((_, i) => i));
    expect(consumed.length, `${id}: the stage before is whole`).toBeGreaterThan(0);
  }
}

async function finish(store: Store, id: string): Promise<void> {
  const { jobs } = store;
  const { stage, done } = (await jobs.read(id))!;
  let answered = 0;
  for (;;) {
    const leases = await jobs.lease(id, request({ leases: 5, tasksMax: 16 }));
    if (leases.length === 0) break;
    for (const lease of leases) {
      answered += lease.hi - lease.lo;
      await jobs.complete(id, [{ ...lease, outputs: outputsOf(lease.lo, lease.hi), earner }]);
    }
  }
  expect(answered).toBe(stage.tasks - done);
  const outputs = await jobs.outputs(id, stage.number);
  expect(outputs.map(({ index }) => index)).toEqual(
    Array.from({ length: stage.tasks }, (_, i) => i),
  );
  await jobs.setStatus(id, "cancelled", { nowMs });
}

test(`a process killed at any moment leaves a store that resumes (seed ${seed})`, {
  timeout: 120_000,
}, async () => {
  const random = randomOf(seed);
  const highest = new Map<string, number>();
  for (let crash = 0; crash < crashes; crash++) {
    const promises = await workUntilKilled(seed + crash, random(120));
    for (const [id, number] of promises.events) {
      expect(number, `SEED=${seed}: event number of ${id}`).toBeGreaterThan(highest.get(id) ?? 0);
      highest.set(id, number);
    }
    const store = await openEmbeddedStore({ dataDir });
    const { jobs } = store;
    const active = await jobs.active();
    for (const id of promises.created) expect(await jobs.read(id)).toBeDefined();
    for (const id of promises.ended) {
      expect((await jobs.read(id))?.status).toBe("succeeded");
      expect(active).not.toContain(id);
    }
    for (const id of active) await checkJob(store, id);
    // One job is finished by this process, the others by the next child.
    if (active.length > 1) await finish(store, active[0]!);
    await store.close();
  }
  expect(highest.size).toBeGreaterThan(3);
});

test("leases do not survive a restart, and their tasks are pending again", async () => {
  const before = await openEmbeddedStore({ dataDir });
  await before.jobs.create(jobSpec("job_a"), stageOf(0, 10));
  const leases = await before.jobs.lease("job_a", request({ leases: 5, tasksMax: 2 }));
  const middle = leases[2]!;
  await before.jobs.complete("job_a", [
    { ...middle, outputs: outputsOf(middle.lo, middle.hi), earner },
  ]);
  await before.close();
  const { jobs, close } = await openEmbeddedStore({ dataDir });
  expect(await jobs.read("job_a")).toMatchObject({ done: 2, tasksDone: 2, status: "queued" });
  const answer = { ...leases[0]!, outputs: outputsOf(0, 2), earner };
  expect((await jobs.complete("job_a", [answer])).results).toEqual(["stale"]);
  const again = await jobs.lease("job_a", request({ leases: 9 }));
  expect(again.map(({ lo, hi }) => [lo, hi])).toEqual([
    [0, 4],
    [6, 10],
  ]);
  await close();
});

test("tasks without outputs, and outputs labelled by partition, are done after a restart", async () => {
  const before = await openEmbeddedStore({ dataDir });
  await before.jobs.create(jobSpec("job_a"), stageOf(0, 6));
  const [a, b] = await before.jobs.lease("job_a", request({ leases: 2, tasksMax: 2 }));
  await before.jobs.complete("job_a", [
    { ...a!, outputs: [], earner },
    { ...b!, outputs: [output(0, { level: 7 }), output(1, { level: 1 })], earner },
  ]);
  await before.close();
  const { jobs, close } = await openEmbeddedStore({ dataDir });
  expect(await jobs.read("job_a")).toMatchObject({ done: 4 });
  const [rest] = await jobs.lease("job_a", request());
  expect(rest).toMatchObject({ lo: 4, hi: 6 });
  const last = await jobs.complete("job_a", [{ ...rest!, outputs: outputsOf(4, 6), earner }]);
  expect(last).toMatchObject({ finished: true, summary: { outputs: 4, fuel: 40 } });
  await close();
});

test("a second process is refused the directory", async () => {
  const store = await openEmbeddedStore({ dataDir });
  await expect(openEmbeddedStore({ dataDir })).rejects.toMatchObject({ code: "store-unavailable" });
  await store.close();
});
