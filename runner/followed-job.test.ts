import { afterEach, describe, expect, it } from "vitest";
import { digestOf } from "../protocol/digest.ts";
import type { RunnerJob } from "../protocol/gateway-to-runner.ts";
import type { RunMessage } from "./messages.ts";
import { Harness, type HarnessOptions } from "./testing/harness.ts";
import { statesByStages } from "./testing/stages.ts";

let harness: Harness;
async function start(options?: HarnessOptions): Promise<Harness> {
  harness = await Harness.start(options);
  return harness;
}
afterEach(() => harness.close());

const f64 = (value: number): Buffer => Buffer.from(Float64Array.of(value).buffer);
const endless = 1e9;
/** Loop iterations a record that make a round some 10 ms or more. */
const slowly = 10_000_000;
/** Sums of these depend on how they are grouped. */
const shards = [0.1, 0.7, 1e6, 0.3, 1e-6, 2.1, 0.9].map((value) => [String(value)]);
const tasks = shards.length;
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);
const numbersOf = (lease: string) => harness.rounds(lease).map(({ round }) => round);
const atRound = (lease: string, round: number) =>
  harness.gateway.until(() => numbersOf(lease).includes(round), 20_000);
/** The runner has work for others, and nothing more to say of what it was given before. */
async function goesOn(job: RunnerJob): Promise<void> {
  const run = { round: 1000, hi: tasks, leaves: tasks, hasState: true } as const;
  const lease = harness.lease(job, { ...run, tasking: { type: "shards" } }, [f64(0)]);
  await harness.outputs(lease, tasks);
}

describe("rounds", () => {
  it("are told in order until the function is done, with the states that single leases give", async () => {
    await start({ runner: { slots: 2 } });
    const job = harness.job("iterate", { shards, params: { rounds: 40 } });
    const lease = harness.follow(job, { tasks, state: f64(0.5) });
    await atRound(lease, 40);
    const rounds = harness.rounds(lease);
    expect(numbersOf(lease)).toEqual(upTo(40));
    expect(rounds.map(({ control }) => control!.done)).toEqual(upTo(40).map((n) => n === 40));
    for (const { output, state, control, fuel } of rounds) {
      expect(output).toMatchObject({ hash: digestOf(state), bytes: 8, fuel: 1, inline: true });
      expect(control!.metrics).toEqual({ total: state.readDoubleLE(0) });
      expect(fuel).toBeGreaterThanOrEqual(tasks);
    }
    const single = await statesByStages(harness, job, { tasks, state: f64(0.5), last: 40 });
    expect(rounds.map(({ state }) => state)).toEqual(single);
    await goesOn(job);
    expect(harness.said(lease)).toHaveLength(40);
    expect(harness.runner.leases).toBe(0);
  });

  it("begin with the lease's, and end with the last that there may be", async () => {
    await start({ runner: { slots: 2 } });
    const job = harness.job("iterate", { shards, params: { rounds: endless } });
    const lease = harness.follow(job, { tasks, state: f64(1), round: 5, roundsMax: 19 });
    await atRound(lease, 19);
    await goesOn(job);
    expect(numbersOf(lease)).toEqual(upTo(19).slice(4));
    expect(harness.rounds(lease).at(-1)!.control!.done).toBe(false);
    expect(harness.said(lease)).toHaveLength(15);
    expect(harness.runner.leases).toBe(0);
  });

  it("use all slots, and tell what was logged, each line once", async () => {
    await start({ runner: { slots: 2 } });
    const params = { rounds: 40, log: true, work: slowly / 20 };
    const job = harness.job("iterate", { shards, params });
    const lease = harness.follow(job, { tasks, state: f64(0) });
    await atRound(lease, 40);
    const logs = harness.rounds(lease).map((round) => round.logs ?? []);
    const linesOf = (name: string) =>
      logs.map((some) => some.filter(({ line }) => line.startsWith(name)));
    expect(linesOf("step").map((some) => some.map(({ line }) => line))).toEqual(
      upTo(40).map((round) => [`step ${round}`]),
    );
    // The first round is cut in one for each slot. A map that shares a call with the step before it is told with that.
    const [first] = linesOf("loads");
    expect(first!.map(({ task }) => task).toSorted()).toEqual([0, 4]);
    for (const { fuel, ms, elapsedMs } of harness.rounds(lease)) {
      expect(fuel).toBeGreaterThan(0);
      expect(ms).toBeGreaterThan(0);
      expect(elapsedMs).toBeGreaterThan(0);
    }
  });

  it("store a large state before they tell of it", async () => {
    const storedAfter: number[] = [];
    const { gateway } = await start({
      gateway: {
        inlineBytesMax: 7,
        onBlob: (method) => {
          if (method === "PUT") storedAfter.push(gateway.messages("round").length);
          return undefined;
        },
      },
    });
    const job = harness.job("iterate", { shards, params: { rounds: 12 } });
    const lease = harness.follow(job, { tasks, state: f64(3) });
    await atRound(lease, 12);
    const rounds = harness.rounds(lease);
    expect(rounds.every(({ output }) => !output.inline && output.bytes === 8)).toBe(true);
    for (const { state, output } of rounds) expect(digestOf(state)).toBe(output.hash);
    expect(storedAfter).toHaveLength(12);
    for (const [i, told] of storedAfter.entries()) expect(told).toBeLessThanOrEqual(i);
    const small = harness.follow(job, { tasks, state: rounds[9]!.state, round: 11 });
    await atRound(small, 12);
    expect(harness.rounds(small).map(({ state }) => state)).toEqual(
      rounds.slice(10).map(({ state }) => state),
    );
  });
});

describe("ends", () => {
  it("yield: the round under way is told, then the lease is handed back", async () => {
    const { gateway } = await start({ runner: { slots: 2 } });
    const job = harness.job("iterate", { shards, params: { rounds: endless, work: slowly } });
    const lease = harness.follow(job, { tasks, state: f64(1) });
    await atRound(lease, 2);
    gateway.send({ type: "yield", leases: [lease] });
    expect(await harness.ended(lease)).toEqual({ type: "released", leases: [lease] });
    const last = numbersOf(lease).length;
    // Round 3 began before round 2 was told.
    expect(last).toBeGreaterThanOrEqual(3);
    expect(numbersOf(lease)).toEqual(upTo(last));
    await goesOn(job);
    expect(harness.said(lease)).toHaveLength(last + 1);
    expect(harness.runner.leases).toBe(0);
    // Whoever goes on from there comes to the same.
    const next = { tasks, state: harness.rounds(lease)[0]!.state, round: 2, roundsMax: last };
    const again = harness.follow(job, next);
    await atRound(again, last);
    expect(harness.rounds(again).map(({ state }) => state)).toEqual(
      harness
        .rounds(lease)
        .slice(1)
        .map(({ state }) => state),
    );
  });

  it("yield: what has not begun, as its job is still being fetched, is handed back at once", async () => {
    const fetched = Promise.withResolvers<undefined>();
    const { gateway } = await start({ gateway: { onBlob: () => fetched.promise } });
    const job = harness.job("iterate", { shards, params: { rounds: 5 } });
    const lease = harness.follow(job, { tasks, state: f64(1) });
    gateway.send({ type: "yield", leases: [lease] });
    expect(await harness.ended(lease)).toEqual({ type: "released", leases: [lease] });
    fetched.resolve(undefined);
    await goesOn(job);
    expect(harness.said(lease)).toHaveLength(1);
  });

  it("cancel: it stops computing and says nothing; the next lease runs", async () => {
    const { gateway } = await start();
    const params = { rounds: endless, spinOn: "0.7", inRound: 50 };
    const job = harness.job("iterate", { shards, params });
    const lease = harness.follow(job, { tasks, state: f64(1) });
    await atRound(lease, 48);
    gateway.send({ type: "cancel", leases: [lease] });
    // Long before the time limit, 5 s for each of its tasks.
    await goesOn(job);
    expect(harness.said(lease).every(({ type }) => type === "round")).toBe(true);
    expect(numbersOf(lease).length).toBeLessThan(50);
    expect(harness.runner.leases).toBe(0);
  });

  it("drain: it is handed back, with what was told before", async () => {
    const { gateway, runner } = await start({ runner: { slots: 2 } });
    const job = harness.job("iterate", { shards, params: { rounds: endless, work: slowly } });
    const lease = harness.follow(job, { tasks, state: f64(1) });
    await atRound(lease, 2);
    await runner.close();
    expect(gateway.messages("draining")).toHaveLength(1);
    expect(harness.said(lease).at(-1)).toEqual({ type: "released", leases: [lease] });
    expect(harness.said(lease).map(({ type }) => type)).toEqual([
      ...numbersOf(lease).map(() => "round"),
      "released",
    ]);
    expect(numbersOf(lease)).toEqual(upTo(numbersOf(lease).length));
    expect(runner.leases).toBe(0);
  });

  it("a lost session: nothing of it is told in the next", async () => {
    const { gateway, runner } = await start({ runner: { slots: 2 } });
    const params = { rounds: endless, work: slowly };
    const lease = harness.follow(harness.job("iterate", { shards, params }), {
      tasks,
      state: f64(1),
    });
    await atRound(lease, 2);
    gateway.socket!.terminate();
    await gateway.until(() => gateway.sessions === 2);
    expect(runner.leases).toBe(0);
    const told = harness.said(lease).length;
    await goesOn(harness.job("iterate", { shards }));
    expect(harness.said(lease)).toHaveLength(told);
  });
});

describe("faults", () => {
  const limits = { fuelPerTask: 1000, memoryMb: 128, timeoutMs: 300 };

  it("an error in a map fails the lease and says where; what was told before stays", async () => {
    await start({ runner: { slots: 2 } });
    const params = { rounds: endless, throwOn: "2.1", inRound: 12 };
    const job = harness.job("iterate", { shards, params });
    const lease = harness.follow(job, { tasks, state: f64(1) });
    const details = {
      entry: "map",
      task: 5,
      shard: 5,
      record: 5,
      name: "TypeError",
      hint: "do not",
    };
    expect(await harness.ended(lease)).toMatchObject({
      type: "failed",
      error: { code: "function-threw", message: "cannot take 2.1", details },
    });
    // Round 11's step may share a call with the map that fails.
    const last = numbersOf(lease).length;
    expect(last).toBeGreaterThanOrEqual(10);
    expect(last).toBeLessThan(12);
    expect(numbersOf(lease)).toEqual(upTo(last));
    await goesOn(job);
    expect(harness.said(lease)).toHaveLength(last + 1);
    expect(harness.runner.leases).toBe(0);
  });

  it("an error in a step fails the lease, too", async () => {
    await start({ runner: { slots: 2 } });
    const job = harness.job("iterate", { shards, params: { rounds: endless, throwInStep: 12 } });
    const lease = harness.follow(job, { tasks, state: f64(1) });
    expect(await harness.ended(lease)).toMatchObject({
      type: "failed",
      error: {
        code: "function-threw",
        message: "cannot step 12",
        details: { entry: "step", task: 0, name: "TypeError" },
      },
    });
    expect(numbersOf(lease)).toEqual(upTo(11));
  });

  it("an endless map is a timeout, and its slot goes on with other work", async () => {
    await start();
    const params = { rounds: endless, spinOn: "0.1", inRound: 12 };
    const job = harness.job("iterate", { shards, limits, params });
    const lease = harness.follow(job, { tasks, state: f64(1) });
    expect(await harness.ended(lease)).toMatchObject({
      type: "failed",
      error: { code: "timeout" },
    });
    expect(numbersOf(lease).length).toBeGreaterThanOrEqual(10);
    await goesOn(job);
  });

  it("an executor that is killed at work fails the lease as lost, and the runner goes on", async () => {
    const { gateway, runner } = await start({ runner: { slots: 2 } });
    const params = { rounds: endless, spinOn: "0.7", inRound: 50 };
    const job = harness.job("iterate", { shards, params });
    const lease = harness.follow(job, { tasks, state: f64(1) });
    await atRound(lease, 48);
    const before = harness.rounds(lease);
    const killed = runner.pids();
    for (const pid of killed) process.kill(pid, "SIGKILL");
    expect(await harness.ended(lease)).toMatchObject({
      type: "failed",
      error: { code: "task-lost" },
    });
    await gateway.until(() => !runner.pids().some((pid) => killed.includes(pid)));
    const state = before.at(-1)!.state;
    const again = harness.follow(job, { tasks, state, round: 60, roundsMax: 100 });
    await atRound(again, 100);
    expect(numbersOf(again)).toEqual(upTo(100).slice(59));
    expect(runner.leases).toBe(0);
  });

  it("what others of its calls still compute is stopped once one has failed", async () => {
    const { gateway, runner } = await start({ runner: { slots: 2 } });
    const params = { spinOn: "0.1", throwOn: "0.9", inRound: 1, work: slowly };
    const job = harness.job("iterate", { shards, params });
    // One for each slot, and a spare.
    const before = await gateway.until(() => runner.pids().length === 3 && runner.pids());
    const lease = harness.follow(job, { tasks, state: f64(1) });
    expect(await harness.ended(lease)).toMatchObject({ error: { code: "function-threw" } });
    // Long before the time limit, 5 s for each of its tasks.
    await gateway.until(() => before.some((pid) => !runner.pids().includes(pid)));
    await goesOn(job);
  });

  it("a state that cannot be stored fails the lease, and is not told of", async () => {
    await start({
      gateway: {
        inlineBytesMax: 7,
        onBlob: (method) => (method === "PUT" ? 403 : undefined),
      },
    });
    const job = harness.job("iterate", { shards, params: { rounds: 5 } });
    const lease = harness.follow(job, { tasks, state: f64(1) });
    expect(await harness.ended(lease)).toMatchObject({
      type: "failed",
      error: { code: "unauthorized" },
    });
    expect(harness.said(lease)).toHaveLength(1);
    expect(harness.runner.leases).toBe(0);
  });

  it("two executors that come to two states fail the lease", async () => {
    await start({ runner: { slots: 2 } });
    // So much work that a round is cut in two, and so little that each of them steps for itself.
    const params = { rounds: endless, impure: true, work: slowly / 100 };
    const job = harness.job("iterate", { shards, params });
    const lease = harness.follow(job, { tasks, state: f64(1) });
    expect(await harness.ended(lease)).toMatchObject({
      type: "failed",
      error: { code: "runner-fault" },
    });
  });

  it.each<[string, Partial<RunMessage>, Buffer[]]>([
    ["that is not the whole round's end", { hi: tasks - 1 }, [f64(1)]],
    ["that is not the whole round's beginning", { lo: 1 }, [f64(1)]],
    ["that does not say how the input is cut", { tasking: undefined as never }, [f64(1)]],
    ["of a step", { entry: "step" }, [f64(1)]],
    ["without its state", {}, []],
    ["that does not say that it has a state", { hasState: false }, [f64(1)]],
  ])("a lease %s cannot be followed", async (_, more, payloads) => {
    await start();
    const job = harness.job("iterate", { shards });
    const run = { round: 1, hi: tasks, leaves: tasks, hasState: true, ...more };
    const follow = { roundsMax: 10 };
    const lease = harness.lease(job, { tasking: { type: "shards" }, follow, ...run }, payloads);
    expect(await harness.ended(lease)).toMatchObject({
      type: "failed",
      error: { code: "runner-fault" },
    });
    await goesOn(job);
    expect(harness.said(lease)).toHaveLength(1);
    expect(harness.runner.leases).toBe(0);
  });
});
