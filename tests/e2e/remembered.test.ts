import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Job, SubmitRequest } from "../../client/index.ts";
import { digestOf } from "../../protocol/digest.ts";
import { rememberedFuelMin } from "../../protocol/limits.ts";
import { randomOf } from "../conformance/fixtures.ts";
import { type RedisUnderTest, redisInstalled, startRedis } from "../support/redis-server.ts";
import { System } from "../support/system.ts";

/** Each record takes some thousand fuel, so that a shard of 32 KB of them is worth remembering. */
const spin = `let sum = 0;
    for (let i = 0; i < 9000; i++) sum = (sum * 31 + i) % 1000003;`;
const functions: Record<string, string> = {
  drawn: `import { lines, map } from "sparegrid";
export default map({
  title: "Random numbers by record", input: lines(), params: { scale: 1 },
  map(line, { params, random, record, shard }) {
    ${spin}
    return [line.length, sum * params.scale, random(), record, shard.index];
  },
});`,
  counted: `import { lines, mapReduce } from "sparegrid";
export default mapReduce({
  title: "Words", input: lines(), reducers: 3, combine: true,
  map(line, emit) {
    ${spin}
    for (const word of line.split(" ")) emit(word, 1 + sum * 0);
  },
  reduce: (_key, counts) => counts.reduce((sum, n) => sum + n, 0),
});`,
  shared: `import { lines, map } from "sparegrid";
export default map({
  title: "Of how many", input: lines(),
  map(line, { shard }) {
    ${spin}
    return line.length + sum + shard.count;
  },
});`,
  scattered: `import { range, map } from "sparegrid";
export default map({
  title: "Monte Carlo", input: range(),
  map(i, { random }) {
    ${spin}
    return i + random() + sum;
  },
});`,
};

const stores = [
  { name: "embedded", start: undefined },
  ...(redisInstalled() ? [{ name: "redis", start: startRedis }] : []),
];
if (!redisInstalled()) console.warn("NOT RUN: remembered results in Redis (no redis-server)");

describe.each(stores)("results remembered by the $name store", ({ start }) => {
  let redis: RedisUnderTest | undefined;
  let system: System;
  beforeAll(async () => {
    redis = await start?.();
    system = await System.start(redis ? { redisUrl: redis.url } : {});
    for (const [name, source] of Object.entries(functions))
      await system.client.functions.publish({ name, source });
  });
  afterAll(async () => {
    await system?.stop();
    await redis?.stop();
  });

  async function run(request: SubmitRequest): Promise<{ job: Job; result: string }> {
    const { id } = await system.client.jobs.submit(request);
    const job = await system.client.jobs.wait(id);
    expect(job.status, JSON.stringify(job.error)).toBe("succeeded");
    return { job, result: digestOf(await (await system.client.jobs.result(id)).text()) };
  }

  async function upload(text: string): Promise<string> {
    const { id } = await system.client.datasets.upload(Buffer.from(text), {
      name: "lines",
      format: "lines",
    });
    return id;
  }

  const random = randomOf(1);
  const textOf = (bytes: number, below = random) => {
    let text = "";
    while (text.length < bytes) text += `${"word ".repeat(1 + below(30))}${below(1_000_000_000)}\n`;
    return text;
  };

  test("the same job again computes nothing that is worth remembering, and gives the same", async () => {
    const dataset = await upload(textOf(300_000));
    const first = await run({ function: "drawn", dataset });
    expect(first.job.remembered).toBeUndefined();
    const again = await run({ function: "drawn", dataset });
    expect(again.result).toBe(first.result);
    // The last shard was what was left over.
    expect(again.job.tasksDone).toBeLessThanOrEqual(1);
    expect(again.job.fuel).toBeLessThan(rememberedFuelMin);
    expect(again.job.remembered).toEqual({
      tasks: first.job.tasksDone - again.job.tasksDone,
      fuel: first.job.fuel - again.job.fuel,
    });
  });

  test("a job of which all is remembered needs no machine", async () => {
    const request = { function: "drawn", dataset: await upload(textOf(30_000)), seed: 9 };
    const first = await run(request);
    await system.stopRunner();
    try {
      const again = await run(request);
      expect(again.result).toBe(first.result);
      expect(again.job).toMatchObject({ tasksDone: 0, fuel: 0, remembered: { tasks: 2 } });
    } finally {
      await system.startRunner();
    }
  });

  test("what was appended is computed, and what was there is not", async () => {
    const text = textOf(400_000);
    const dataset = await upload(text);
    const before = await run({ function: "counted", dataset });
    const { shards } = await system.client.datasets.get(dataset);
    const longer = await upload(text + textOf(100_000));
    const estimate = await system.client.jobs.estimate({ function: "counted", dataset: longer });
    expect(estimate.remembered!.tasks).toBeGreaterThanOrEqual(shards - 1);
    const after = await run({ function: "counted", dataset: longer });
    expect(estimate.remembered!.fuel).toBeLessThanOrEqual(after.job.remembered!.fuel);
    // The last shard was what was left over; the probe is remembered too.
    expect(after.job.remembered?.tasks).toBeGreaterThanOrEqual(shards - 1);
    expect(after.job.fuel).toBeLessThan(before.job.fuel);
    const fresh = await run({ function: "counted", dataset: longer, memo: false });
    expect(fresh.job.remembered).toBeUndefined();
    expect(after.result).toBe(fresh.result);
    expect(after.job.fuel + after.job.remembered!.fuel).toBe(fresh.job.fuel);
  });

  test("a function that asks how many shards there are is computed again when there are more", async () => {
    const text = textOf(200_000);
    const dataset = await upload(text);
    await run({ function: "shared", dataset });
    expect((await run({ function: "shared", dataset })).job.remembered).toBeDefined();
    const longer = await upload(text + textOf(100_000));
    const after = await run({ function: "shared", dataset: longer });
    expect(after.job.remembered).toBeUndefined();
    expect(after.result).toBe(
      (await run({ function: "shared", dataset: longer, memo: false })).result,
    );
  });

  test("other parameters, another seed, another function are other work", async () => {
    const dataset = await upload(textOf(100_000));
    await run({ function: "drawn", dataset });
    for (const other of [
      { function: "drawn", params: { scale: 2 } },
      { function: "drawn", seed: 5 },
      { function: "shared" },
    ])
      expect((await run({ ...other, dataset })).job.remembered).toBeUndefined();
  });

  test("a range is remembered, too", async () => {
    const request = { function: "scattered", input: 1_000, recordsPerTask: 200 };
    const first = await run(request);
    const again = await run(request);
    expect(again.result).toBe(first.result);
    expect(again.job).toMatchObject({ fuel: 0, remembered: { tasks: 5, fuel: first.job.fuel } });
  });

  const seed = Date.now() % 1e9;
  test(`random datasets and appended parts give the same bytes as computed anew (seed ${seed})`, async () => {
    const below = randomOf(seed);
    let remembered = 0;
    for (let history = 0; history < 4; history++) {
      const names = ["drawn", "counted", "shared"];
      let text = textOf(60_000 + below(300_000), below);
      for (let part = 0; part < 3; part++) {
        const request: SubmitRequest = {
          function: names[below(names.length)]!,
          dataset: await upload(text),
          ...(below(3) === 0 && { recordsPerTask: 150 + below(100) }),
        };
        const taken = await run(request);
        remembered += taken.job.remembered?.tasks ?? 0;
        const fresh = await run({ ...request, memo: false });
        expect(taken.result, JSON.stringify(request)).toBe(fresh.result);
        const again = await run(request);
        expect(again.result, JSON.stringify(request)).toBe(fresh.result);
        remembered += again.job.remembered?.tasks ?? 0;
        text += textOf(below(200_000), below);
      }
    }
    expect(remembered).toBeGreaterThan(0);
  });
});
