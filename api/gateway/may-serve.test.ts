import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { digestOf } from "../../protocol/digest.ts";
import type { CallRequest, ServedWork } from "../ports.ts";
import { callRequestOf } from "./testing/call-request.ts";
import { GatewayRig } from "./testing/gateway-rig.ts";
import { roundOf, type ScriptedRunner } from "./testing/scripted-runner.ts";

/** Work goes to those runners alone that may do it. Here: everyone's, the owner's, or a pool's members'. */
let rig: GatewayRig;
let members: Record<string, string[]>;
let asked: ServedWork[];

const mayServe = (work: ServedWork, runnerOwner: string) => {
  asked.push(work);
  if (work.pool === "everyone") return true;
  if (work.pool === undefined) return runnerOwner === work.owner;
  return members[work.pool]!.includes(runnerOwner);
};

beforeEach(async () => {
  members = { pool_x: ["acc_a", "acc_b"] };
  asked = [];
  rig = await GatewayRig.start(undefined, { mayServe });
});
afterEach(() => rig.close());

const ended = (id: string) =>
  rig.until(async () => {
    const { status } = await rig.state(id);
    return status === "succeeded" && status;
  });
const worksOn = (runner: ScriptedRunner) => new Set(runner.all("run").map(({ job }) => job));

describe("a job", () => {
  test("is worked on by its owner's runners, its pool's, or everyone's, and by no others", async () => {
    const [a, b, c] = await Promise.all(
      ["acc_a", "acc_b", "acc_c"].map((owner) => rig.runner(owner, { owner, taskMs: 500 })),
    );
    const own = await rig.submit({ kind: "map", owner: "acc_b" });
    const pooled = await rig.submit({ kind: "map", owner: "acc_a", pool: "pool_x" });
    const open = await rig.submit({ kind: "map", owner: "acc_a", pool: "everyone" });
    for (const id of [own, pooled, open]) await ended(id);
    expect(worksOn(a!).has(own)).toBe(false);
    expect([...worksOn(c!)].filter((id) => id !== open)).toEqual([]);
    expect(worksOn(b!).has(own)).toBe(true);
    expect(asked).toContainEqual(expect.objectContaining({ owner: "acc_a", pool: "pool_x" }));
  });

  test("goes to those alone that ask no more than it pays; its owner's own ask nothing", async () => {
    const dear = await rig.runner("dear", { owner: "acc_b", ask: 1.5 });
    const low = await rig.submit({ kind: "map", owner: "acc_a", pool: "everyone" });
    const high = await rig.submit({
      kind: "map",
      owner: "acc_a",
      pool: "everyone",
      bidHundredths: 150,
    });
    const own = await rig.submit({ kind: "map", owner: "acc_b", bidHundredths: 10 });
    for (const id of [high, own]) await ended(id);
    expect(worksOn(dear)).toEqual(new Set([high, own]));
    expect(await rig.state(low)).toMatchObject({ status: "queued" });
    await rig.runner("cheap", { owner: "acc_c", ask: 0.5 });
    await ended(low);
    expect(worksOn(dear).has(low)).toBe(false);
  });

  test("that pays more gets the first lease among equals", async () => {
    const work = { kind: "map", owner: "acc_a", pool: "everyone" } as const;
    const low = await rig.submit(work);
    const high = await rig.submit({ ...work, bidHundredths: 200 });
    const runner = await rig.runner("one", { owner: "acc_b", works: false });
    const run = await runner.until(() => runner.all("run")[0]);
    expect(run.job).toBe(high);
    // Both have their share all the same.
    await runner.until(() => worksOn(runner).has(low));
  });

  test("without a runner that may do it waits, and holds up no other", async () => {
    const waiting = await rig.submit({ kind: "map", owner: "acc_a" });
    const stranger = await rig.runner("stranger", { owner: "acc_b" });
    const other = await rig.submit({ kind: "map", owner: "acc_b" });
    await ended(other);
    expect(worksOn(stranger)).toEqual(new Set([other]));
    expect(await rig.state(waiting)).toMatchObject({ status: "queued" });
    await rig.runner("own", { owner: "acc_a" });
    await ended(waiting);
  });

  test("starts when a runner that was there all the time may work for it", async () => {
    await rig.runner("friend", { owner: "acc_c" });
    const id = await rig.submit({ kind: "map", owner: "acc_a", pool: "pool_x" });
    await sleep(50);
    expect(await rig.state(id)).toMatchObject({ status: "queued", done: 0 });
    members.pool_x!.push("acc_c");
    rig.gateway.reconsider();
    await ended(id);
  });

  test("is sized and followed as if runners that may not work for it were not there", async () => {
    await rig.runner("stranger", { owner: "acc_b", slots: 64, works: false });
    const own = await rig.runner("own", { owner: "acc_a", taskMs: 100 });
    const id = await rig.submit({ owner: "acc_a" });
    // Shared among all these slots a round of 800 ms would take a few; alone it is done as a whole.
    expect(await own.follows()).toMatchObject({ job: id, lo: 0, hi: 8 });
  });

  test("is handed back, round done, by a runner that may not follow it any more", async () => {
    const runner = await rig.runner("friend", { owner: "acc_b" });
    const id = await rig.submit({ owner: "acc_a", pool: "pool_x" });
    const run = await runner.follows();
    members.pool_x = ["acc_a"];
    rig.gateway.reconsider();
    await runner.until(() => runner.all("yield").length > 0);
    runner.sayAll([
      roundOf(run, 2, "counts"),
      { message: { type: "released", leases: [run.lease] }, payloads: [] },
    ]);
    await rig.until(async () => (await rig.state(id)).stage.round === 3);
    await sleep(50);
    expect(runner.followed).toEqual([run]);
    const own = await rig.runner("own", { owner: "acc_a" });
    expect(await own.follows()).toMatchObject({ job: id, round: 3 });
  });
});

describe("a runner that may not go on, and would", () => {
  test("is cut off from the rounds that it follows after a while", async () => {
    await rig.close();
    let lateMs = 0;
    const clock = () => performance.timeOrigin + performance.now() + lateMs;
    rig = await GatewayRig.start(undefined, { mayServe, clock });
    const rogue = await rig.runner("friend", { owner: "acc_b" });
    const id = await rig.submit({ owner: "acc_a", pool: "pool_x" });
    const run = await rogue.follows();
    members.pool_x = ["acc_a"];
    rig.gateway.reconsider();
    rogue.sayAll([roundOf(run, 2, "in time")]);
    await rig.until(async () => (await rig.state(id)).stage.round === 3);
    expect(rogue.all("cancel")).toEqual([]);
    lateMs += 6_000;
    rogue.sayAll([roundOf(run, 3, "the last")]);
    await rogue.until(() => rogue.all("cancel").length > 0);
    rogue.sayAll([roundOf(run, 4, "not heard")]);
    await sleep(50);
    expect((await rig.state(id)).stage.round).toBe(4);
    const own = await rig.runner("own", { owner: "acc_a" });
    expect(await own.follows()).toMatchObject({ job: id, round: 4 });
  });

  test("cannot renew what it holds", async () => {
    const rogue = await rig.runner("friend", { owner: "acc_b", works: false });
    const id = await rig.submit({ kind: "map", owner: "acc_a", pool: "pool_x" });
    await rogue.until(() => rogue.all("run").length > 0);
    members.pool_x = ["acc_a"];
    rig.gateway.reconsider();
    await sleep(50);
    const leases = rogue.all("run").map(({ lease }) => lease);
    rogue.say({ type: "renew", leases });
    const { leases: cancelled } = await rogue.until(() => rogue.all("cancel")[0]);
    expect(cancelled.toSorted()).toEqual(leases.toSorted());
    await rig.runner("own", { owner: "acc_a" });
    await ended(id);
  });
});

describe("a call", () => {
  const call = (more: Partial<CallRequest>) =>
    rig.gateway.call(callRequestOf({ owner: "acc_a", ...more }));
  const body = Buffer.from("2");
  const answer = (runner: ScriptedRunner, id: string) =>
    runner.say({ type: "called", call: id, fuel: 1, hash: digestOf(body), ms: 1 }, [body]);
  const heard = (runner: ScriptedRunner, nth: number) =>
    runner.until(() => runner.all("call")[nth]?.call);

  test("goes to a runner that may answer it, however idle the others are", async () => {
    const own = await rig.runner("own", { owner: "acc_a", slots: 1 });
    const stranger = await rig.runner("stranger", { owner: "acc_b", slots: 64 });
    const answers = Array.from({ length: 5 }, () => call({}));
    for (let nth = 0; nth < answers.length; nth++) answer(own, await heard(own, nth));
    await Promise.all(answers);
    expect(stranger.all("call")).toEqual([]);
  });

  test("that no connected runner may answer is refused with a hint", async () => {
    await expect(call({})).rejects.toMatchObject({ code: "no-runner", message: /No runner is/ });
    await rig.runner("stranger", { owner: "acc_c" });
    await expect(call({ pool: "pool_x" })).rejects.toMatchObject({
      code: "no-runner",
      message: expect.stringContaining("None of the connected runners may"),
      details: { hint: expect.stringContaining("pool") },
    });
  });

  test("that waits for its own runners holds up nobody else's, and is made when they are free", async () => {
    const own = await rig.runner("own", { owner: "acc_a", slots: 1 });
    const other = await rig.runner("other", { owner: "acc_b", slots: 1 });
    // As many as may be on the wire, and three that wait.
    const wire = 32;
    const answers = Array.from({ length: wire + 3 }, () => call({}));
    await heard(own, wire - 1);
    const strangers = call({ owner: "acc_b" });
    answer(other, await heard(other, 0));
    await strangers;
    for (let nth = 0; nth < answers.length; nth++) answer(own, await heard(own, nth));
    await Promise.all(answers);
    expect(other.all("call")).toHaveLength(1);
  });
});
