import { afterEach, expect, test } from "vitest";
import { digestOf } from "../../protocol/digest.ts";
import { earnerOf } from "../../protocol/earner.ts";
import type { AnsweredCall, MeasuredWork } from "../ports.ts";
import { callRequestOf } from "./testing/call-request.ts";
import { GatewayRig } from "./testing/gateway-rig.ts";
import { roundOf, type ScriptedRunner } from "./testing/scripted-runner.ts";

/** Whom the gateway has work counted for, and whom it tells. */
let rig: GatewayRig;
afterEach(() => rig.close());

const ended = (id: string) =>
  rig.until(async () => {
    const state = await rig.state(id);
    return state.endedAtMs !== undefined && state;
  });

test("every task of a job is counted for the account and runner that answered it", async () => {
  rig = await GatewayRig.start();
  // Both call themselves alike: they are told apart by whose machines they are.
  const options = { taskMs: 100 };
  const runners = await Promise.all([
    rig.runner("same", { owner: "acc_a", ...options }),
    rig.runner("same", { owner: "acc_b", ...options }),
  ]);
  const id = await rig.submit({ kind: "map" });
  const { fuel, tasksDone } = await ended(id);
  const answered = ({ heard }: ScriptedRunner) =>
    heard.reduce((sum, { message }) => {
      return message.type === "run" ? sum + message.hi - message.lo : sum;
    }, 0);
  const earnings = await rig.store.jobs.earned(id);
  for (const [i, owner] of ["acc_a", "acc_b"].entries()) {
    const tasks = answered(runners[i]!);
    const one = earnings.find(({ earner }) => earner === earnerOf(owner, "same"));
    expect(one?.tasks ?? 0).toBe(tasks);
    expect(one?.fuel ?? 0).toBe(tasks * 3);
  }
  expect(earnings.reduce((sum, one) => sum + one.fuel, 0)).toBe(fuel);
  expect(earnings.reduce((sum, one) => sum + one.tasks, 0)).toBe(tasksDone);
});

test("whoever keeps the accounts is told of accepted work, and before the job's end of the last", async () => {
  const told: string[] = [];
  rig = await GatewayRig.start(undefined, {
    onAccepted: (job) => told.push(`accepted ${job}`),
    onEnded: (job, status) => told.push(`${status} ${job}`),
  });
  await rig.runner("first");
  const id = await rig.submit({ kind: "map" });
  await ended(id);
  expect(told.at(-1)).toBe(`succeeded ${id}`);
  expect(new Set(told.slice(0, -1))).toEqual(new Set([`accepted ${id}`]));
});

test("rounds that follow each other are told and counted as they are taken in", async () => {
  const told: string[] = [];
  rig = await GatewayRig.start(undefined, { onAccepted: (job) => told.push(job) });
  const runner = await rig.runner("first", { owner: "acc_a" });
  const id = await rig.submit();
  const run = await runner.follows();
  const [before] = await rig.store.jobs.earned(id);
  told.length = 0;
  runner.sayAll([roundOf(run, 2, "second"), roundOf(run, 3, "third")]);
  await rig.until(async () => (await rig.state(id)).stage.round === 4);
  expect(told).toContain(id);
  expect(await rig.store.jobs.earned(id)).toEqual([
    {
      earner: earnerOf("acc_a", "first"),
      fuel: before!.fuel + 2 * 33,
      tasks: before!.tasks + 2 * 9,
    },
  ]);
});

test("a keeper of accounts that throws does not hold up the job", async () => {
  rig = await GatewayRig.start(undefined, {
    onAccepted: () => {
      throw new Error("no ink");
    },
  });
  await rig.runner("first");
  expect(await ended(await rig.submit({ kind: "map" }))).toMatchObject({ status: "succeeded" });
  expect(rig.warnings).toContainEqual(expect.stringContaining("no ink"));
});

const request = callRequestOf({ owner: "acc_consumer", function: "acc/f" });

test("a call whose runner claims more fuel than the limit let it use is neither told nor answered", async () => {
  const calls: AnsweredCall[] = [];
  rig = await GatewayRig.start(undefined, { onCall: (call) => calls.push(call) });
  const runner = await rig.runner("first");
  const answer = rig.gateway.call(request);
  const call = await runner.until(() => runner.all("call")[0]?.call);
  const body = Buffer.from("2");
  runner.say({ type: "called", call, fuel: 101, hash: digestOf(body), ms: 1 }, [body]);
  await expect(answer).rejects.toMatchObject({ code: "runner-fault" });
  expect(calls).toEqual([]);
});

test("an answered call is told with what payment needs, once, and one that failed is not", async () => {
  const calls: AnsweredCall[] = [];
  rig = await GatewayRig.start(undefined, { onCall: (call) => calls.push(call) });
  const runner = await rig.runner("first", { owner: "acc_a" });
  const heard = (nth: number) => runner.until(() => runner.all("call")[nth]?.call);

  const answer = rig.gateway.call(request);
  const id = await heard(0);
  const body = Buffer.from("2");
  const called = { type: "called", call: id, fuel: 42, hash: digestOf(body), ms: 1.5 } as const;
  runner.sayAll([
    { message: called, payloads: [body] },
    { message: called, payloads: [body] },
  ]);
  expect(await answer).toMatchObject({ fuel: 42, ms: 1.5 });
  const failing = rig.gateway.call(request);
  const error = { code: "function-threw", message: "no" } as const;
  runner.say({ type: "callFailed", call: await heard(1), fuel: 10, error });
  await expect(failing).rejects.toMatchObject({ code: "function-threw" });
  expect(calls).toEqual([
    {
      id,
      owner: "acc_consumer",
      function: "acc/f",
      version: request.version,
      runnerOwner: "acc_a",
      runner: "first",
      fuel: 42,
      ms: 1.5,
    },
  ]);
});

test("how long work took is told with the machine's owner and the fuel", async () => {
  const told: MeasuredWork[] = [];
  rig = await GatewayRig.start(undefined, { onMeasured: (measured) => told.push(measured) });
  await rig.runner("first", { owner: "acc_a", taskMs: 7 });
  const id = await rig.submit({ kind: "map" });
  const { fuel, tasksDone, spec } = await ended(id);
  const total = { fuel: 0, ms: 0 };
  for (const measured of told) {
    expect(measured).toMatchObject({ version: spec.version, owner: "acc_a" });
    total.fuel += measured.fuel;
    total.ms += measured.ms;
  }
  expect(total).toEqual({ fuel, ms: tasksDone * 7 });
});

test("tasks that runners hold are counted until they are answered", async () => {
  rig = await GatewayRig.start();
  await rig.runner("idle", { owner: "acc_a", works: false });
  const id = await rig.submit({ kind: "map" });
  await rig.until(async () => rig.gateway.tasksUnderWay(id) > 0);
  expect(rig.gateway.tasksUnderWay(id)).toBeLessThanOrEqual(8);
  expect(rig.gateway.tasksUnderWay("job_other")).toBe(0);
});
