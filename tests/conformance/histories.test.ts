import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Store } from "../../api/store/port.ts";
import { openRedisStore } from "../../api/store/redis/store.ts";
import { startFlakyProxy } from "../support/flaky-proxy.ts";
import { redisInstalled, startRedis } from "../support/redis-server.ts";
import { randomOf } from "./fixtures.ts";
import { History } from "./model.ts";
import { type Running, subjects } from "./subjects.ts";

/** SEED=… repeats a history. */
const seedBase = Number(process.env.SEED ?? Date.now() % 1e9);
const histories = process.env.SEED ? 1 : 25;
const steps = 150;

async function play(store: Store, seed: number, before?: (step: number) => void): Promise<void> {
  let step = 0;
  try {
    const history = await History.begin(store, seed);
    for (; step < steps; step++) {
      before?.(step);
      await history.step();
    }
    await history.drain();
  } catch (error) {
    throw new Error(`SEED=${seed}, step ${step}: ${String(error)}`, { cause: error });
  }
}

describe.each(subjects())("random histories of the $name store", (subject) => {
  let running: Running;
  let store: Store;
  beforeAll(async () => {
    running = await subject.start();
    store = await running.open();
  });
  afterAll(async () => {
    await store?.close();
    await running?.stop();
  });

  test(`every task is pending, claimed or done, and done once (from seed ${seedBase})`, async () => {
    for (let i = 0; i < histories; i++) await play(store, seedBase + i);
  });

  test(`histories side by side do not disturb each other (from seed ${seedBase})`, async () => {
    await Promise.all(Array.from({ length: 8 }, (_, i) => play(store, seedBase + 1000 + i)));
  });
});

describe.runIf(redisInstalled())("random histories of a Redis in trouble", () => {
  test(`they hold while replies get lost (seed ${seedBase})`, { timeout: 120_000 }, async () => {
    const redis = await startRedis();
    const proxy = await startFlakyProxy(redis.url.slice("unix:".length), randomOf(seedBase));
    const store = await openRedisStore({ url: proxy.url });
    try {
      proxy.loseEvery(40);
      for (let i = 0; i < 3; i++) await play(store, seedBase + 2000 + i);
      expect(proxy.lost()).toBeGreaterThan(5);
    } finally {
      await store.close();
      await proxy.stop();
      await redis.stop();
    }
  });

  test(`they hold while the server is killed (seed ${seedBase})`, {
    timeout: 120_000,
  }, async () => {
    const redis = await startRedis({ fsync: "always" });
    const store = await openRedisStore({ url: redis.url });
    const random = randomOf(seedBase);
    let kills = 0;
    let trouble = Promise.resolve();
    const kill = async () => {
      // In the middle of the next commands, at any moment of theirs.
      await sleep(random(4));
      await redis.kill();
      kills++;
      await redis.restart();
    };
    try {
      await play(store, seedBase + 3000, (step) => {
        if (step % 20 === 10) trouble = trouble.then(kill);
      });
      await trouble;
      expect(kills).toBe(Math.ceil((steps - 10) / 20));
    } finally {
      await trouble.catch(() => {});
      await store.close();
      await redis.stop();
    }
  });
});
