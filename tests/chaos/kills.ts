import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SubmitRequest } from "../../protocol/http.ts";
import { descent, floatSums, linesOf, matrixOf, seeded, slowMap } from "../support/functions.ts";
import { type RedisUnderTest, startRedis } from "../support/redis-server.ts";
import { System } from "../support/system.ts";

/**
 * Kills runner, executor, API and Redis at random points under a running job of each kind: every result must equal the
 * undisturbed one, byte for byte. Repeat a failure with CHAOS_SEED.
 */
const baseSeed = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 1e9));
const runs = Number(process.env.CHAOS_RUNS ?? 20);
const leaseMs = 1_500;

export function describeKills(store: "embedded" | "redis"): void {
  console.log(`chaos on ${store}: CHAOS_SEED=${baseSeed}, ${runs} runs of each kind`);
  let redis: RedisUnderTest | undefined;
  let system: System;
  const requests: Record<string, SubmitRequest> = {};
  const expected: Record<string, string> = {};

  beforeAll(async () => {
    redis = store === "redis" ? await startRedis() : undefined;
    system = await System.start({ leaseMs, ...(redis ? { redisUrl: redis.url } : {}) });
    const { client } = system;
    const lines = await client.datasets.upload(linesOf(60_000), { name: "lines", format: "lines" });
    const rows = await client.datasets.upload(matrixOf(40_000, 16), {
      name: "rows",
      format: "matrix",
      encoding: "f64",
      columns: 16,
    });
    await client.functions.publish({ name: "slow-map", source: slowMap });
    await client.functions.publish({ name: "float-sums", source: floatSums });
    await client.functions.publish({ name: "descent", source: descent });
    // Long enough to be killed in, and no longer: what a kill undoes is done again.
    requests.map = { function: "slow-map", dataset: lines.id, seed: 7, params: { spin: 1_000 } };
    requests.mapReduce = { function: "float-sums", dataset: lines.id };
    requests.iterate = { function: "descent", dataset: rows.id, params: { rounds: 150 } };
    for (const [kind, request] of Object.entries(requests)) {
      expected[kind] = await run(system, request);
      expect(expected[kind].length).toBeGreaterThan(100);
    }
  });

  afterAll(async () => {
    await system?.stop();
    await redis?.stop();
  });

  test.each(["map", "mapReduce", "iterate"])(
    "a %s ends with the undisturbed bytes",
    async (kind) => {
      for (let i = 0; i < runs; i++) {
        const seed = baseSeed + i;
        const random = seeded(seed);
        const log: string[] = [];
        const both = [run(system, requests[kind]!), disturb(system, redis, random, log)] as const;
        await Promise.allSettled(both); // a failed run leaves no kills going on under the next
        const [result] = await Promise.all(both).catch((error: unknown) => {
          throw new Error(`seed ${seed}: ${log.join(", ")}`, { cause: error });
        });
        expect(result === expected[kind], `seed ${seed}: ${log.join(", ")}`).toBe(true);
      }
    },
  );
}

async function run(system: System, request: SubmitRequest): Promise<string> {
  const { client } = system;
  const { id } = await client.jobs.submit({ ...request, memo: false });
  const job = await client.jobs.wait(id);
  expect(job.status, JSON.stringify(job.error)).toBe("succeeded");
  return (await client.jobs.result(id)).text();
}

/** One to three kills at random moments, each followed by a restart of what was killed. */
async function disturb(
  system: System,
  redis: RedisUnderTest | undefined,
  random: () => number,
  log: string[],
): Promise<void> {
  const victims = ["runner", "executor", "api", ...(redis ? ["redis"] : [])];
  const kills = 1 + Math.floor(random() * 3);
  for (let i = 0; i < kills; i++) {
    await sleep(30 + random() * 500);
    const victim = victims[Math.floor(random() * victims.length)]!;
    log.push(victim);
    if (victim === "runner") {
      await system.killRunner();
      await system.startRunner({ wait: false });
    } else if (victim === "executor") {
      const pids = await system.executorPids();
      const pid = pids[Math.floor(random() * pids.length)];
      if (pid !== undefined) killIfAlive(pid);
    } else if (victim === "api") {
      await system.killApi();
      await system.startApi();
    } else {
      await redis!.kill();
      await sleep(random() * 200);
      await redis!.restart();
    }
  }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it ended since it was listed
  }
}
