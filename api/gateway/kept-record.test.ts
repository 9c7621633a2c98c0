import { afterEach, expect, test } from "vitest";
import type { RunnerInfo } from "../ports.ts";
import { GatewayRig } from "./testing/gateway-rig.ts";

/** What a connection came to, as it is told when it ends. */
let rig: GatewayRig;
const left: RunnerInfo[] = [];
afterEach(async () => {
  left.length = 0;
  await rig.close();
});

async function start(): Promise<void> {
  rig = await GatewayRig.start(undefined, { onLeft: (runner) => left.push(runner) });
}
const last = () => rig.until(async () => left.at(-1));

test("what a runner had taken and not answered when it went is lost; what it answered is done", async () => {
  await start();
  const runner = await rig.runner("gone", { works: false });
  await rig.submit({ kind: "map" });
  const run = await runner.until(() => runner.all("run")[0]);
  runner.terminate();
  const { id, tasksDone, tasksLost, faults } = await last();
  expect({ id, tasksDone, faults }).toEqual({ id: "gone", tasksDone: 0, faults: 0 });
  expect(tasksLost).toBeGreaterThanOrEqual(run.hi - run.lo);
});

test("an answer that is not what was asked for, and a failure of its own, are faults of the runner", async () => {
  await start();
  const runner = await rig.runner("broken", { works: false });
  await rig.submit({ kind: "map" });
  const { lease } = await runner.until(() => runner.all("run")[0]);
  runner.say({
    type: "failed",
    lease,
    at: 0,
    error: { code: "runner-fault", message: "the disk is full" },
  });
  await rig.until(async () => rig.gateway.runners()[0]?.faults === 1);
  const next = await runner.until(() => runner.all("run").find((run) => run.lease !== lease));
  const { lo, hi } = next;
  runner.say({ type: "result", lease: next.lease, lo: lo + 1, hi, outputs: [], ms: 1 });
  expect(await last()).toMatchObject({ faults: 2, tasksDone: 0 });
});

test("who hands back what it holds before it goes has lost nothing", async () => {
  await start();
  const runner = await rig.runner("polite", { works: false });
  await rig.submit({ kind: "map" });
  await runner.until(() => runner.all("run")[0]);
  runner.say({ type: "draining" });
  await rig.until(async () => rig.gateway.runners()[0]?.state === "draining");
  runner.say({ type: "released", leases: runner.all("run").map(({ lease }) => lease) });
  await rig.until(async () => rig.gateway.runners()[0]?.busy === 0);
  runner.terminate();
  expect(await last()).toMatchObject({ tasksLost: 0, faults: 0 });
});
