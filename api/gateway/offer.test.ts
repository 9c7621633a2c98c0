import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { GatewayRig } from "./testing/gateway-rig.ts";
import type { ScriptedRunner } from "./testing/scripted-runner.ts";

/** What a runner lends may change while it is connected: it may pause, ask for more, take fewer tasks, leave pools out. */
let rig: GatewayRig;
afterEach(() => rig.close());

const lends = { slots: 2, memoryMb: 1000 };
const range = { kind: "map", pool: "everyone" } as const;
const ended = (id: string) => rig.until(async () => (await rig.state(id)).status === "succeeded");
const told = (name: string) => rig.gateway.runners().find((runner) => runner.name === name)!;
const hears = (name: string, state: string) => rig.until(async () => told(name).state === state);
const worksOn = (runner: ScriptedRunner) => new Set(runner.all("run").map(({ job }) => job));

test("a gateway says that it understands offers, so that an older one is not sent what it would refuse", async () => {
  rig = await GatewayRig.start();
  const runner = await rig.runner("new");
  expect(runner.all("welcome")[0]).toMatchObject({ understands: ["offer"] });
});

test("a paused runner gets nothing, tells why and until when, and goes on when it says so", async () => {
  rig = await GatewayRig.start();
  const until = "2026-11-24T06:00:00.000Z";
  const paused = { reason: "hours", until } as const;
  const runner = await rig.runner("box", { offer: { paused } });
  expect(told("box")).toMatchObject({ state: "paused", paused });
  expect(rig.gateway.lends("acc_test")).toBe(false);
  const id = await rig.submit(range);
  await sleep(100);
  expect(runner.all("run")).toEqual([]);
  runner.say({ type: "offer", ...lends });
  await ended(id);
  expect(told("box")).not.toHaveProperty("paused");
  expect(rig.gateway.lends("acc_test")).toBe(true);
});

test("a call does not wait for a paused runner", async () => {
  rig = await GatewayRig.start();
  const runner = await rig.runner("box");
  runner.say({ type: "offer", ...lends, paused: { reason: "battery" } });
  await hears("box", "paused");
  const call = rig.gateway.call({
    owner: "acc_test",
    pool: "everyone",
    function: "f",
    version: "v",
    bundle: "0".repeat(64),
    input: "1",
    params: {},
    uses: {},
    seed: 1,
    limits: { fuelPerTask: 1, memoryMb: 1, timeoutMs: 1 },
    output: { type: "json", contentType: "application/json" },
    roundsMax: 1,
  });
  await expect(call).rejects.toMatchObject({ code: "no-runner" });
});

test("what a runner held when it paused it may finish, and what it hands back goes to another", async () => {
  rig = await GatewayRig.start();
  const first = await rig.runner("first", { works: false });
  const id = await rig.submit();
  first.answer(await first.until(() => first.all("run")[0]));
  const [kept, ...others] = await first.until(() => {
    const runs = first.all("run").filter(({ entry }) => entry === "map");
    return runs.length > 1 && runs;
  });
  first.say({ type: "offer", ...lends, paused: { reason: "asked" } });
  first.say({ type: "renew", leases: [kept!.lease] });
  first.say({ type: "released", leases: others.map(({ lease }) => lease) });
  await hears("first", "paused");
  first.answer(kept!);
  await rig.runner("second");
  await rig.until(async () => (await rig.state(id)).stage.number > kept!.stage);
  expect(first.all("cancel")).toEqual([]);
  expect(told("first").tasksDone).toBe(1 + kept!.hi - kept!.lo);
});

test("fewer slots, and a higher ask, hold from the moment they are told", async () => {
  rig = await GatewayRig.start();
  const runner = await rig.runner("box", { slots: 4, works: false });
  runner.say({ type: "offer", slots: 1, memoryMb: 500, ask: 2 });
  await rig.until(async () => told("box").slots === 1);
  expect(told("box")).toMatchObject({ askHundredths: 200, memoryMb: 500 });
  const low = await rig.submit({ ...range, owner: "acc_other" });
  const high = await rig.submit({ ...range, owner: "acc_other", bidHundredths: 200 });
  await runner.until(() => runner.all("run").length > 0);
  await sleep(50);
  expect(worksOn(runner)).toEqual(new Set([high]));
  expect(runner.all("run").length).toBeLessThanOrEqual(4);
  expect(low).not.toBe(high);
});

test("a runner that is limited to some pools works for those alone; one that is gone means nothing", async () => {
  const pools: Record<string, string> = { "ada/lab": "pool_1", own: "own" };
  rig = await GatewayRig.start(undefined, { poolNamed: (_, name) => pools[name] });
  const runner = await rig.runner("box", { offer: { pools: ["ada/lab", "ada/gone"] } });
  const open = await rig.submit(range);
  const own = await rig.submit({ kind: "map" });
  const lab = await rig.submit({ kind: "map", pool: "pool_1" });
  await ended(lab);
  expect(worksOn(runner)).toEqual(new Set([lab]));
  runner.say({ type: "offer", ...lends, pools: ["own"] });
  await ended(own);
  runner.say({ type: "offer", ...lends });
  await ended(open);
});

test("a reason that this version does not know is taken as another", async () => {
  rig = await GatewayRig.start();
  const runner = await rig.runner("box");
  runner.say({ type: "offer", ...lends, paused: { reason: "eclipse" as "other" } });
  await hears("box", "paused");
  expect(told("box").paused).toEqual({ reason: "other" });
});
