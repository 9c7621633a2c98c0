import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Job, WatchedEvent } from "../../client/index.ts";
import { type RedisUnderTest, redisInstalled, startRedis } from "../support/redis-server.ts";
import { System, until } from "../support/system.ts";
import { RunnerProcess } from "./runner-process.ts";

/** Jobs that are steered while they run, by real runners, against a plain implementation of the same function. */

const count = 64;
/** `spin` sets how long a round takes. Map, merge and step check that they are given the same parameters. */
const descent = `
import { iterate, range } from "sparegrid";
export default iterate({
  title: "Descent",
  input: range(),
  params: { rate: 0.1, rounds: 100, spin: 0, start: 1 },
  init: ({ params }) => ({ w: params.start }),
  map({ from, to }, { w }, { params }) {
    let gradient = 0;
    for (let i = from; i < to; i++) {
      for (let j = 0, y = i; j < params.spin; j++) y = (y * 1.0000001 + j) % 1;
      gradient += Math.round(w * 1024) * (i % 7) - i;
    }
    return { gradient, rate: params.rate };
  },
  merge(a, b, { params }) {
    if (a.rate !== params.rate || b.rate !== params.rate) throw new Error("a merge has another rate");
    return { gradient: a.gradient + b.gradient, rate: a.rate };
  },
  step(state, total, { round, params }) {
    if (total.rate !== params.rate) throw new Error("a step has another rate");
    const w = state.w - (params.rate * total.gradient) / (1024 * ${count});
    return { state: { w }, done: round >= params.rounds, metrics: { w, rate: params.rate } };
  },
});`;

/** Predicts with whatever a descent has come to. */
const times = `
import { constant, items, map } from "sparegrid";
export default map({
  title: "Times",
  input: items<number>(),
  uses: { model: constant<{ w: number }>() },
  map: (x, { uses }) => x * uses.model.w,
});`;

/** The same in plain JavaScript, with the changes that the job says it had. */
function reference(
  { params, paramChanges = [] }: Job,
  upTo = Number.POSITIVE_INFINITY,
): { w: number; rate: number }[] {
  const at = (round: number) =>
    Object.assign(
      {},
      params,
      ...paramChanges
        .filter((one) => one.round !== undefined && one.round <= round)
        .map((one) => one.params),
    ) as { rate: number; rounds: number; start: number };
  const told: { w: number; rate: number }[] = [];
  let w = at(0).start;
  for (let round = 1; round <= Math.min(at(round).rounds, upTo); round++) {
    let gradient = 0;
    for (let i = 0; i < count; i++) gradient += Math.round(w * 1024) * (i % 7) - i;
    const { rate } = at(round);
    w -= (rate * gradient) / (1024 * count);
    told.push({ w, rate });
  }
  return told;
}

const stores = [
  { name: "the embedded store", redis: false },
  ...(redisInstalled() ? [{ name: "Redis", redis: true }] : []),
];
if (stores.length < 2) console.warn("NOT RUN: steering on Redis (no redis-server on the PATH)");

describe.each(stores)("on $name", ({ redis: onRedis }) => {
  let redis: RedisUnderTest | undefined;
  let system: System;
  let runner: RunnerProcess;
  const jobs = () => system.client.jobs;

  beforeAll(async () => {
    if (onRedis) redis = await startRedis();
    const url = redis === undefined ? {} : { redisUrl: redis.url };
    system = await System.start({ runner: false, leaseMs: 3_000, ...url });
    await system.client.functions.publish({ name: "descent", source: descent });
    await system.client.functions.publish({ name: "times", source: times });
    runner = await RunnerProcess.start(system, { name: "first", slots: 1 });
  });
  afterAll(async () => {
    await runner?.[Symbol.asyncDispose]();
    await system?.stop();
    await redis?.stop();
  });

  const submit = (params: object) =>
    jobs().submit({ function: "descent", input: count, params: { ...params } });

  /** Follows a job from its first event on, in the background. */
  function watched(id: string) {
    const events: WatchedEvent[] = [];
    const ended = jobs().wait(id, { onEvent: (event) => events.push(event) });
    const rounds = () => events.flatMap((event) => (event.type === "round" ? event : []));
    return { events, ended, rounds };
  }

  /** What was told of each round, and the result, are what the plain implementation gives, bit for bit. */
  async function expectExact(id: string, { events, ended }: ReturnType<typeof watched>) {
    const job = await ended;
    expect(job.status, JSON.stringify(job.error)).toBe("succeeded");
    const expected = reference(job);
    const metrics: unknown[] = [];
    // A round that was done anew after a crash is told again.
    for (const event of events)
      if (event.type === "round") metrics[event.round - 1] = event.metrics;
    expect(metrics).toEqual(expected);
    expect(JSON.parse(await (await jobs().result(id)).text())).toEqual({ w: expected.at(-1)!.w });
    const numbers = events.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    const changes = events.flatMap((event) => (event.type === "params" ? event : []));
    const latest = new Map(changes.map(({ round, params }) => [JSON.stringify(params), round]));
    for (const { round, params } of job.paramChanges ?? [])
      if (round !== undefined) expect(latest.get(JSON.stringify(params))).toBe(round);
    return job;
  }

  const atRound = (id: string, round: number) =>
    until(async () => (await jobs().get(id)).round >= round, `round ${round}`);

  test("short rounds that one runner follows use changed parameters within moments", async () => {
    const { id } = await submit({ rounds: 3_000, spin: 500 });
    const watch = watched(id);
    const waits: number[] = [];
    for (const rate of [0.05, 1 / 3, 1e-7]) {
      await atRound(id, 20);
      await sleep(100);
      const changedAtMs = performance.now();
      const { round: before } = await jobs().setParams(id, { rate });
      const used = () =>
        watch.events.find((event) => event.type === "params" && event.params.rate === rate);
      await until(async () => used() !== undefined, `rate ${rate} to be used`);
      waits.push(performance.now() - changedAtMs);
      expect(before).toBeGreaterThan(0);
    }
    expect((await jobs().get(id)).runners).toMatchObject([
      { name: "first", own: true, follows: true, share: 1 },
    ]);
    await jobs().setParams(id, { rounds: watch.rounds().at(-1)!.round + 200 });
    const { paramChanges } = await expectExact(id, watch);
    expect(paramChanges).toHaveLength(4);
    expect(Math.min(...waits)).toBeLessThan(250);
  });

  test("a paused job does steps with the parameters that it has then, and goes on", async () => {
    const { id } = await submit({ rounds: 1_000_000, spin: 300 });
    const watch = watched(id);
    await atRound(id, 10);
    expect(await jobs().pause(id)).toMatchObject({ status: "paused", pausedBy: ["consumer"] });
    const settled = async () => {
      let seen = -1;
      await until(async () => {
        const { round, runners } = await jobs().get(id);
        const still = round === seen && runners!.length === 0;
        seen = round;
        return still;
      }, "the job to stand still");
      return seen;
    };
    const paused = await settled();
    expect(await jobs().pause(id)).toMatchObject({ status: "paused", round: paused });
    for (const [rounds, rate] of [
      [1, 0.5],
      [3, 0.25],
    ] as const) {
      const before = await settled();
      const changed = await jobs().setParams(id, { rate });
      expect(changed.paramChanges!.at(-1)).not.toHaveProperty("round");
      // The same again is no change.
      expect((await jobs().setParams(id, { rate })).paramChanges).toEqual(changed.paramChanges);
      await jobs().step(id, { rounds });
      await until(async () => (await jobs().get(id)).status === "paused", "the step to end");
      expect(await settled()).toBe(before + rounds);
      const { paramChanges } = await jobs().get(id);
      expect(paramChanges!.at(-1)).toMatchObject({ round: before, params: { rate } });
    }
    await jobs().setParams(id, { rounds: (await settled()) + 50 });
    expect(await jobs().resume(id)).not.toHaveProperty("pausedBy");
    await expectExact(id, watch);
    expect(
      watch.events
        .filter(({ type }) => type === "status")
        .map((event) => "status" in event && event.status),
    ).toEqual([
      "queued",
      "running",
      "paused",
      "running",
      "paused",
      "running",
      "paused",
      "running",
      "succeeded",
    ]);
  });

  test("a change outlives a kill -9 of the API before its round, and the watcher misses nothing", async () => {
    const { id } = await submit({ rounds: 150, spin: 5_000 });
    const watch = watched(id);
    await atRound(id, 5);
    await jobs().pause(id);
    await jobs().setParams(id, { rate: 0.7 });
    await system.killApi();
    await system.startApi();
    expect(await jobs().get(id)).toMatchObject({ status: "paused", pausedBy: ["consumer"] });
    await jobs().resume(id);
    await atRound(id, 30);
    await jobs().setParams(id, { rate: 0.01 });
    await system.killApi();
    await system.startApi();
    const { paramChanges } = await expectExact(id, watch);
    expect(paramChanges!.map(({ params }) => params)).toEqual([{ rate: 0.7 }, { rate: 0.01 }]);
    const told = new Set(watch.rounds().map(({ round }) => round));
    expect(told.size).toBe(150);
  });

  test("rounds that two runners share use them, in every task", async () => {
    const { id } = await submit({ rounds: 80, spin: 15_000 });
    const watch = watched(id);
    await atRound(id, 5);
    await using _second = await RunnerProcess.start(system, { name: "second", slots: 1 });
    for (const rate of [0.3, 0.003]) {
      await sleep(200);
      await jobs().setParams(id, { rate });
    }
    const { paramChanges } = await expectExact(id, watch);
    expect(paramChanges).toHaveLength(2);
    expect(paramChanges!.every(({ round }) => round !== undefined)).toBe(true);
    const second = (await system.client.runners()).find(({ name }) => name === "second");
    expect(second!.tasksDone).toBeGreaterThan(0);
  });

  test("what a job has come to so far can be seen and used while it runs, and after", async () => {
    const { id } = await submit({ rounds: 1_000_000, spin: 300 });
    const use = async () => {
      const { result } = await system.client.invoke("times", [2], {
        uses: { model: `job:${id}@latest` },
      });
      return (result as number[])[0]! / 2;
    };
    await atRound(id, 3);
    const moving = [await use(), await use()];
    expect(moving.every(Number.isFinite)).toBe(true);
    await jobs().pause(id);
    await until(async () => (await jobs().get(id)).runners!.length === 0, "the job to stand still");
    for (let steps = 0; steps < 2; steps++) {
      const { round, value } = await jobs().state(id);
      expect(value).toEqual({ w: reference(await jobs().get(id), round)[round - 1]!.w });
      expect(await use()).toBe((value as { w: number }).w);
      await jobs().step(id);
      await until(async () => (await jobs().get(id)).status === "paused", "the step to end");
      expect((await jobs().state(id)).round).toBe(round + 1);
    }
    // A job keeps the value that it began with.
    const asked = { function: "times", input: [1], uses: { model: `job:${id}@latest` } };
    const job = await jobs().submit(asked);
    const { round, value } = await jobs().state(id);
    await jobs().setParams(id, { rounds: round + 3 });
    await jobs().resume(id);
    await jobs().wait(id);
    expect((await jobs().wait(job.id)).status).toBe("succeeded");
    expect(JSON.parse(await (await jobs().result(job.id)).text())).toBe((value as { w: number }).w);
    const last = JSON.parse(await (await jobs().result(id)).text());
    expect(await jobs().state(id)).toEqual({ round: (await jobs().get(id)).round, value: last });
    expect(await use()).toBe(last.w);
  });

  test("what cannot be is refused, and says what to do", async () => {
    const { id } = await submit({ rounds: 1 });
    await jobs().wait(id);
    const refusal = (promise: Promise<unknown>) =>
      promise.then(
        () => undefined,
        (error) => error,
      );
    expect(await refusal(jobs().setParams(id, { rate: 1 }))).toMatchObject({
      code: "job-ended",
      status: 409,
    });
    for (const same of [jobs().pause(id), jobs().resume(id), jobs().step(id)])
      expect(await same).toMatchObject({ status: "succeeded" });
    const running = await submit({ rounds: 1_000_000, spin: 1_000 });
    await atRound(running.id, 1);
    const unknown = await refusal(jobs().setParams(running.id, { raet: 1 }));
    expect(unknown).toMatchObject({
      code: "unknown-param",
      details: { hint: 'Did you mean "rate"?' },
    });
    expect(await refusal(jobs().setParams(running.id, { rate: "fast" }))).toMatchObject({
      code: "bad-param",
    });
    expect(await refusal(jobs().step(running.id))).toMatchObject({
      code: "not-paused",
      status: 409,
    });
    const tasks = await jobs().tasks(running.id);
    expect(tasks).toMatchObject({ merged: false, failures: [] });
    let at = 0;
    for (const { lo, hi } of tasks.intervals) {
      expect(lo).toBe(at);
      at = hi;
    }
    expect(at).toBe(tasks.total);
    await jobs().cancel(running.id);
  });
});
