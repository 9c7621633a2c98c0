import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SubmitRequest } from "../../client/index.ts";
import { descent, floatSums, linesOf, matrixOf, slowMap } from "../support/functions.ts";
import {
  type RedisUnderTest,
  redisInstalled,
  startRedis,
  startRedisCluster,
} from "../support/redis-server.ts";
import { System, until } from "../support/system.ts";
import { RunnerProcess } from "./runner-process.ts";

/**
 * Two API processes on one Redis. Catalogs are each process's own, so jobs are submitted and read at the first; the
 * runners hang on the second.
 */
const hasRedis = redisInstalled();
if (!hasRedis) console.warn("NOT RUN: two APIs on one Redis (no redis-server on the PATH)");

test("CI has a Redis", () => {
  if (process.env.CI) expect(hasRedis).toBe(true);
});

const requests: Record<string, SubmitRequest> = {
  "slow-map": { function: "slow-map", seed: 3, recordsPerTask: 200 },
  "float-sums": { function: "float-sums" },
  descent: { function: "descent", params: { rounds: 60 } },
};

/** Results by function, of a runner at the submitting API. */
const expected: Record<string, string> = {};

async function prepare(system: System): Promise<void> {
  const { client } = system;
  await client.functions.publish({ name: "slow-map", source: slowMap });
  await client.functions.publish({ name: "float-sums", source: floatSums });
  await client.functions.publish({ name: "descent", source: descent });
  const lines = await client.datasets.upload(linesOf(20_000), { name: "lines", format: "lines" });
  const rows = await client.datasets.upload(matrixOf(20_000, 8), {
    name: "rows",
    format: "matrix",
    encoding: "f64",
    columns: 8,
  });
  for (const [name, request] of Object.entries(requests))
    request.dataset = name === "descent" ? rows.id : lines.id;
}

async function ended(system: System, id: string): Promise<string> {
  const numbers: number[] = [];
  const job = await system.client.jobs.wait(id, { onEvent: ({ number }) => numbers.push(number) });
  expect(job.status, JSON.stringify(job.error)).toBe("succeeded");
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  return (await system.client.jobs.result(id)).text();
}

async function run(system: System, name: string): Promise<string> {
  return ended(system, (await system.client.jobs.submit({ ...requests[name]!, memo: false })).id);
}

describe.runIf(hasRedis)("two APIs on one Redis", () => {
  let redis: RedisUnderTest;
  let first: System;
  let second: System;

  beforeAll(async () => {
    redis = await startRedis();
    // Short, because what a killed API had handed out is lost until its leases expire.
    const options = { redisUrl: redis.url, runner: false, leaseMs: 2_000 };
    [first, second] = await Promise.all([System.start(options), System.start(options)]);
    await prepare(first);
    await using _runner = await RunnerProcess.start(first, { name: "at-first" });
    for (const name of Object.keys(requests)) expected[name] = await run(first, name);
  });
  afterAll(async () => {
    await second?.stop();
    await first?.stop();
    await redis?.stop();
  });

  const gone = () =>
    until(async () => (await first.client.runners()).length === 0, "its runner to be gone");

  test.each(Object.keys(requests))("%s runs on a runner of the other one", async (name) => {
    await gone();
    await using _runner = await RunnerProcess.start(second, { name: "at-second" });
    expect((await run(first, name)) === expected[name]).toBe(true);
    expect(expected[name]!.length).toBeGreaterThan(100);
    expect((await second.client.runners())[0]!.tasksDone).toBeGreaterThan(0);
    expect(await first.client.runners()).toEqual([]);
  });

  test("a cancel reaches the runner of the other one", async () => {
    await using _runner = await RunnerProcess.start(second, { name: "at-second" });
    const { id } = await first.client.jobs.submit({
      ...requests["slow-map"]!,
      params: { spin: 1_000_000_000 },
    });
    const busy = async () => (await second.client.runners())[0]!.busy;
    await until(async () => (await busy()) === 2, "its runner to work");
    await first.client.jobs.cancel(id);
    await until(async () => (await busy()) === 0, "its runner to stop", 5_000);
    expect((await run(first, "float-sums")) === expected["float-sums"]).toBe(true);
  });

  test("the other one is killed in the middle, and its runner comes to the first", async () => {
    const request = { ...requests["slow-map"]!, params: { spin: 6_000 } };
    let id = "";
    {
      await using _runner = await RunnerProcess.start(second, { name: "at-second" });
      ({ id } = await first.client.jobs.submit(request));
      await until(async () => {
        const { entry, progress } = await first.client.jobs.get(id);
        return entry === "map" && progress.done >= progress.total * 0.2;
      }, "a fifth of the job");
      await second.killApi();
    }
    expect((await first.client.jobs.get(id)).status).toBe("running");
    await using _runner = await RunnerProcess.start(first, { name: "at-first" });
    const text = await ended(first, id);
    const { id: again } = await first.client.jobs.submit({ ...request, memo: false });
    expect((await ended(first, again)) === text).toBe(true);
    expect(text.split("\n")).toHaveLength(20_001);
  });
});

describe.runIf(hasRedis)("on a Redis cluster", () => {
  test("a mapReduce runs on a runner of the other API", async () => {
    const cluster = await startRedisCluster();
    try {
      const options = { redisUrl: cluster.url, runner: false };
      await using first = await System.start(options);
      await using second = await System.start(options);
      await prepare(first);
      await using _runner = await RunnerProcess.start(second, { name: "at-second" });
      const text = await run(first, "float-sums");
      const keys = text.trimEnd().split("\n");
      expect(keys.length).toBeGreaterThan(50);
      expect(text === expected["float-sums"]).toBe(true);
    } finally {
      await cluster.stop();
    }
  });
});
