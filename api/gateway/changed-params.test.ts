import { afterEach, expect, test } from "vitest";
import { GatewayRig } from "./testing/gateway-rig.ts";
import { roundOf, type ScriptedRunner } from "./testing/scripted-runner.ts";

/** Parameters that change while a runner follows a job, on the wire. */
let rig: GatewayRig;
afterEach(() => rig.close());

async function following(submitted: Parameters<GatewayRig["submit"]>[0] = {}) {
  rig = await GatewayRig.start();
  const runner = await rig.runner("first");
  const id = await rig.submit({ params: { rate: 1, other: 2 }, ...submitted });
  return { runner, id, run: await runner.follows() };
}

const change = (id: string, params: Record<string, number>) =>
  rig.gateway.steering.changeParams(id, params, 100);
const told = (runner: ScriptedRunner) => runner.all("params").map(({ changed }) => changed);
const inForce = async (id: string) => (await rig.state(id)).paramChanges?.map(({ round }) => round);

test("its holder is told of them, and the round that it says has used them is the one", async () => {
  const { runner, id, run } = await following();
  await change(id, { rate: 3 });
  await runner.until(() => told(runner).length > 0);
  expect(told(runner)).toEqual([{ changes: 1, params: { rate: 3, other: 2 } }]);
  runner.sayAll([roundOf(run, 2, "second"), roundOf(run, 3, "third")]);
  await rig.until(async () => (await rig.state(id)).stage.round === 4);
  expect(await inForce(id)).toEqual([undefined]);
  runner.sayAll([roundOf(run, 4, "fourth", { changes: 1 })]);
  await rig.until(async () => (await rig.state(id)).stage.round === 5);
  expect(await inForce(id)).toEqual([4]);
  expect(await rig.events(id, "params")).toEqual([
    { type: "params", round: 4, params: { rate: 3 } },
  ]);
  // Whoever takes the job over gets the same.
  runner.say({ type: "released", leases: [run.lease] });
  const again = await runner.follows(2);
  expect(again).toMatchObject({ round: 5, changed: { changes: 1, params: { rate: 3, other: 2 } } });
});

test("changes of another process reach it with the next round that it tells", async () => {
  const { runner, id, run } = await following();
  await rig.store.jobs.changeParams(id, { rate: 4 }, { nowMs: Date.now(), changesMax: 9 });
  runner.sayAll([roundOf(run, 2, "second")]);
  await runner.until(() => told(runner).length > 0);
  expect(told(runner)).toEqual([{ changes: 1, params: { rate: 4, other: 2 } }]);
});

test("a runner that says it has used what it was not given is cut off", async () => {
  const { runner, id, run } = await following();
  runner.sayAll([roundOf(run, 2, "second", { changes: 1 })]);
  await runner.until(() => runner.closedWith === 4002);
  expect((await rig.state(id)).stage.round).toBe(2);
});

test("a step tells it where to stop, and rounds beyond are not taken", async () => {
  const { runner, id, run } = await following();
  await rig.gateway.steering.pause(id, "consumer", "a look");
  runner.say({ type: "released", leases: [run.lease] });
  await rig.until(async () => (await rig.store.jobs.partition(id))!.claims.length === 0);
  expect(await rig.gateway.steering.resume(id, "consumer", 2)).toBe("resumed");
  const step = await runner.follows(2);
  expect(step).toMatchObject({ round: 2, follow: { until: 3 } });
  runner.sayAll([roundOf(step, 2, "second")]);
  await rig.until(async () => (await rig.state(id)).stage.round === 3);
  runner.sayAll([roundOf(step, 3, "third")]);
  await rig.until(async () => (await rig.state(id)).status === "paused");
  expect(await rig.state(id)).toMatchObject({ stage: { round: 4 } });
  runner.sayAll([roundOf(step, 4, "fourth")]);
  expect(await rig.gateway.steering.resume(id, "consumer")).toBe("resumed");
  const next = await runner.follows(3);
  expect(Buffer.from(runner.payloadsOf(next)[0]!).toString()).toBe("third");
});
