import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { JobService } from "../jobs/jobs.ts";
import { GatewayRig } from "./testing/gateway-rig.ts";
import { type Run, roundOf, type ScriptedRunner } from "./testing/scripted-runner.ts";

/** A paused job: nothing more is handed out, what runners are at counts, and it goes on where it was. */
let rig: GatewayRig;
afterEach(() => rig.close());

const reason = "the budget is used up";
const service = () => new JobService({ ...rig, waitingFor: () => undefined, clock: Date.now });
const ended = (id: string) =>
  rig.until(async () => {
    const state = await rig.state(id);
    return state.endedAtMs !== undefined && state;
  });
const notes = async (id: string) =>
  (await rig.events(id, "status")).map(({ status, note }) =>
    note ? `${status}: ${note}` : status,
  );

/** A job whose rounds are followed, in its second. */
async function following(hooks?: Parameters<typeof GatewayRig.start>[1]) {
  rig = await GatewayRig.start(undefined, hooks);
  const runner = await rig.runner("first");
  const id = await rig.submit();
  return { runner, id, run: await runner.follows() };
}

const atRound = (id: string, round: number) =>
  rig.until(async () => (await rig.state(id)).stage.round === round);
const handBack = (runner: ScriptedRunner, run: Run) =>
  runner.say({ type: "released", leases: [run.lease] });

test("what is under way is taken in and the stage advances, then nothing moves until it goes on", async () => {
  const told: string[] = [];
  rig = await GatewayRig.start(undefined, { onStatus: (job) => told.push(job) });
  const jobs = service();
  const runner = await rig.runner("first", { works: false });
  const id = await rig.submit();
  const init = await runner.until(() => runner.all("run")[0]);
  expect(await jobs.pause(id, "budget", reason)).toMatchObject({
    status: "paused",
    pauses: { budget: reason },
  });
  expect(jobs.waitingFor(await rig.state(id))).toBe(reason);
  runner.answer(init);
  await rig.until(async () => (await rig.state(id)).stage.number === 1);
  const { fuel, status } = await rig.state(id);
  expect(status).toBe("paused");
  expect(await rig.store.jobs.earned(id)).toMatchObject([{ fuel, tasks: 1 }]);
  rig.gateway.wake(id);
  await sleep(50);
  expect(runner.all("run")).toEqual([init]);
  expect(runner.all("cancel")).toEqual([]);
  // A second word changes nothing.
  expect(await jobs.pause(id, "budget", "another")).toMatchObject({ pauses: { budget: reason } });
  const resumed = await jobs.resume(id, "budget");
  expect(resumed).toMatchObject({ status: "running" });
  expect(resumed).not.toHaveProperty("pauses");
  expect(jobs.waitingFor(resumed)).toBeUndefined();
  await runner.until(() => runner.all("run").find(({ stage }) => stage === 1));
  await jobs.resume(id, "budget");
  expect(await notes(id)).toEqual(["running", `paused: ${reason}`, "running: resumed"]);
  expect(told).toEqual([id, id]);
});

test("a job that is paused before its first lease starts when it goes on, and runs to its end", async () => {
  rig = await GatewayRig.start();
  const jobs = service();
  const id = await rig.submit({ kind: "map" });
  await jobs.pause(id, "budget", reason);
  const runner = await rig.runner("first");
  await sleep(50);
  expect(runner.all("run")).toEqual([]);
  await jobs.resume(id, "budget");
  expect(await ended(id)).toMatchObject({ status: "succeeded" });
  expect(await notes(id)).toEqual([`paused: ${reason}`, "running: resumed", "succeeded"]);
});

test("a pause that comes between a lease and the word that the job runs stays", async () => {
  rig = await GatewayRig.start((store) => {
    const lease = store.jobs.lease.bind(store.jobs);
    store.jobs.lease = async (id, request) => {
      const leases = await lease(id, request);
      if (leases.length > 0) await store.jobs.pause(id, "budget", { reason });
      return leases;
    };
    return store;
  });
  const runner = await rig.runner("first", { works: false });
  const id = await rig.submit({ kind: "map" });
  await runner.until(() => runner.all("run")[0]);
  expect(await rig.state(id)).toMatchObject({ status: "paused", pauses: { budget: reason } });
});

test("a job that has ended is neither paused nor resumed", async () => {
  rig = await GatewayRig.start();
  const jobs = service();
  const id = await rig.submit();
  await jobs.pause(id, "budget", reason);
  await jobs.cancel(id);
  for (const change of [jobs.resume(id, "budget"), jobs.pause(id, "budget", reason)])
    expect(await change).toMatchObject({ status: "cancelled" });
  await expect(jobs.pause("job_none", "budget", reason)).rejects.toMatchObject({
    code: "not-found",
  });
  await expect(jobs.resume("job_none", "budget")).rejects.toMatchObject({ code: "not-found" });
});

test.each(["this process", "another process"])(
  "rounds that are followed are asked back when %s pauses the job, and all that are done count",
  async (who) => {
    const { runner, id, run } = await following();
    if (who === "this process") await rig.gateway.steering.pause(id, "budget", reason);
    else await rig.store.jobs.pause(id, "budget", { reason });
    await runner.until(() => runner.all("yield").length > 0);
    const { fuel } = await rig.state(id);
    // The round under way, and one that was begun before the word arrived.
    runner.sayAll([roundOf(run, 2, "second")]);
    await atRound(id, 3);
    runner.sayAll([roundOf(run, 3, "third")]);
    handBack(runner, run);
    await atRound(id, 4);
    const state = await rig.state(id);
    expect(state).toMatchObject({ status: "paused", fuel: fuel + 2 * 33 });
    expect(await rig.store.jobs.earned(id)).toMatchObject([{ fuel: state.fuel }]);
    await sleep(50);
    expect(runner.followed).toEqual([run]);
    expect(runner.all("yield")).toEqual([{ type: "yield", leases: [run.lease] }]);
    expect(runner.all("cancel")).toEqual([]);
    await rig.gateway.steering.resume(id, "budget");
    const again = await runner.follows(2);
    expect(again).toMatchObject({ round: 4, lo: 0, hi: 8 });
    expect(Buffer.from(runner.payloadsOf(again)[0]!).toString()).toBe("third");
  },
);

test("a runner that goes on with a paused job is cut off from it after a while", async () => {
  let lateMs = 0;
  const clock = () => performance.timeOrigin + performance.now() + lateMs;
  const { runner, id, run } = await following({ clock });
  await rig.gateway.steering.pause(id, "budget", reason);
  runner.sayAll([roundOf(run, 2, "second")]);
  await atRound(id, 3);
  lateMs += 4_000;
  runner.sayAll([roundOf(run, 3, "third")]);
  await atRound(id, 4);
  expect(runner.all("cancel")).toEqual([]);
  lateMs += 2_000;
  runner.sayAll([roundOf(run, 4, "fourth")]);
  await runner.until(() => runner.all("cancel").length > 0);
  runner.sayAll([roundOf(run, 5, "fifth")]);
  await sleep(50);
  expect(await rig.state(id)).toMatchObject({ status: "paused", stage: { round: 5 } });
  await rig.gateway.steering.resume(id, "budget");
  expect(await runner.follows(2)).toMatchObject({ round: 5 });
});
