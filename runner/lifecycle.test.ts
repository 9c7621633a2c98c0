import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { startRunner } from "./index.ts";
import { LoadMeter } from "./load.ts";
import { Harness, type HarnessOptions } from "./testing/harness.ts";
import { alive } from "./testing/processes.ts";
import { ScriptedGateway } from "./testing/scripted-gateway.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(options?: HarnessOptions): Promise<Harness> {
  const harness = await Harness.start(options);
  cleanUps.push(() => harness.close());
  return harness;
}

const range = (count: number) => ({ type: "range", count, perTask: 1 }) as const;

it("a drain finishes what computes, hands back the rest, and leaves no process behind", async () => {
  const harness = await start();
  const { gateway, runner } = harness;
  const job = harness.job("map", { params: { work: 20_000_000 } });
  const warm = harness.lease(job, { tasking: range(1) });
  await harness.outputs(warm, 1);
  const first = harness.lease(job, { hi: 200, tasking: range(200) });
  const second = harness.lease(job, { hi: 200, tasking: range(200) });
  await gateway.until(() => harness.outputsSoFar(first).length > 3);
  const pids = runner.pids();
  expect(pids.length).toBeGreaterThan(0);
  await runner.close();
  expect(gateway.messages("draining")).toHaveLength(1);
  const released = gateway.messages("released").flatMap(({ leases }) => leases);
  expect(released.toSorted()).toEqual([first, second].toSorted());
  const done = harness.outputsSoFar(first).length;
  expect(done).toBeGreaterThan(3);
  expect(done).toBeLessThan(200);
  expect(pids.filter(alive)).toEqual([]);
  expect(runner.leases).toBe(0);
});

it("a drain is bounded in time", async () => {
  const harness = await start();
  const job = harness.job("map", { shards: [["spin"]], params: { spinOn: "spin" } });
  const lease = harness.lease(job, { tasking: { type: "shards" } });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const startedMs = performance.now();
  await harness.runner.close({ drainMs: 300 });
  expect(performance.now() - startedMs).toBeLessThan(2_000);
  const { message } = await harness.gateway.next("released");
  expect(message.leases).toEqual([lease]);
});

it("a gateway's drain ends the session, and the runner comes back for another", async () => {
  const harness = await start();
  const { gateway } = harness;
  gateway.send({ type: "drain" });
  await gateway.until(() => gateway.sessions === 2);
  const job = harness.job("map", { shards: [["a"]] });
  const lease = harness.lease(job, { tasking: { type: "shards" } });
  expect(await harness.outputs(lease, 1)).toHaveLength(1);
});

it("leases of a lost session are void; the next session starts afresh on warm executors", async () => {
  const harness = await start();
  const { gateway, runner } = harness;
  const old = harness.job("map", { shards: [["spin"]], params: { spinOn: "spin" } });
  const lost = harness.lease(old, { tasking: { type: "shards" } });
  await gateway.until(() => runner.leases === 1);
  gateway.socket!.terminate();
  await gateway.until(() => gateway.sessions === 2);
  expect(runner.leases).toBe(0);
  const job = harness.job("map", { shards: [["a"]] });
  const lease = harness.lease(job, { tasking: { type: "shards" } });
  await harness.outputs(lease, 1);
  expect(gateway.messages("result").every((one) => one.lease !== lost)).toBe(true);
  expect(gateway.messages("failed")).toEqual([]);
});

it("survives the death of its executors", async () => {
  const harness = await start();
  const job = harness.job("map", { shards: [["a"]] });
  const tasking = { type: "shards" } as const;
  await harness.outputs(harness.lease(job, { tasking }), 1);
  const killed = harness.runner.pids();
  for (const pid of killed) process.kill(pid, "SIGKILL");
  await harness.gateway.until(() => !harness.runner.pids().some((pid) => killed.includes(pid)));
  expect(await harness.outputs(harness.lease(job, { tasking }), 1)).toHaveLength(1);
});

it("is refused with a wrong token, and ends by itself", async () => {
  const gateway = await ScriptedGateway.start({ token: "other" });
  cleanUps.push(() => gateway.close());
  const runner = await startRunner({ url: gateway.url, token: "wrong", slots: 1 });
  await expect(runner.ready).rejects.toMatchObject({ code: "unauthorized" });
  await runner.ended;
  expect(runner.pids().filter(alive)).toEqual([]);
});

it("an installation keeps its id", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "runner-test-"));
  cleanUps.push(() => rm(dataDir, { recursive: true }));
  const ids: string[] = [];
  for (let i = 0; i < 2; i++) {
    const runner = await startRunner({ url: "http://127.0.0.1:9", token: "t", slots: 1, dataDir });
    ids.push(runner.id);
    await runner.close();
  }
  expect(ids[0]).toMatch(/^run_/);
  expect(ids[1]).toBe(ids[0]);
});

it("measures the processor time and memory of its process tree", async () => {
  const harness = await start();
  const meter = new LoadMeter(() => harness.runner.pids());
  const alone = await new LoadMeter(() => []).sample();
  await meter.sample();
  const job = harness.job("map", { shards: [["spin"]], params: { spinOn: "spin" } });
  harness.lease(job, { tasking: { type: "shards" } });
  await new Promise((resolve) => setTimeout(resolve, 800));
  const load = await meter.sample();
  expect(load.cpu).toBeGreaterThan(20);
  expect(load.rssMb).toBeGreaterThan(alone.rssMb + 30);
});
