import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type RedisUnderTest,
  redisInstalled,
  startRedis,
} from "../../../tests/support/redis-server.ts";
import { silentLog } from "../log.ts";
import type { Store } from "../port.ts";
import { Connection } from "./connection.ts";
import { openRedisStore } from "./store.ts";

describe.runIf(redisInstalled())("the connection to Redis", () => {
  let redis: RedisUnderTest;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  test("a request that comes twice is applied once and answered alike", async () => {
    const connection = await Connection.open(redis.url, silentLog);
    const key = "sg:{job_twice}";
    const create = ["r.1", "{}", "{}", 0, 4];
    const lease = ["r.2", "ses_a", 2, 1, 1000, 2000, "", "0"];
    const complete = ["r.3", 1, "r.2.1", 0, 1, 9, 3, "acc_1 run_1", "", 0];
    for (const again of [false, true]) {
      expect(await connection.call("create", key, create)).toBe("created");
      expect(await connection.call("lease", key, lease)).toBe(
        "0 0 0 \nr.2.1 0 1 1 0\nr.2.2 1 2 1 0",
      );
      expect(await connection.call("complete", key, complete)).toBe("a\n\n0\n1\n4\n0\n0\n0\n0\n");
      expect(await connection.call("append", key, ["r.4", 1, 9, "{}"])).toBe("1");
      expect(await connection.text("hget", key, "done"), String(again)).toBe("1");
      const earned = await connection.text("hgetall", `${key}:earned`);
      expect(earned).toEqual({ "facc_1 run_1": "3", "tacc_1 run_1": "1" });
    }
    expect(await connection.call("create", key, ["r.5", "{}", "{}", 0, 4])).toBe("exists");
    connection.close();
  });

  test("a server that was emptied gets the functions again", async () => {
    const connection = await Connection.open(redis.url, silentLog);
    await connection.text("function", "FLUSH");
    const calls = Array.from({ length: 5 }, () => connection.call("renew", "sg:{x}", ["", 1, "t"]));
    expect(await Promise.all(calls)).toEqual(["t", "t", "t", "t", "t"]);
    connection.close();
  });

  test("what the server refuses for good is not tried again", async () => {
    const connection = await Connection.open(redis.url, silentLog);
    await expect(connection.text("hget", "only-a-key")).rejects.toMatchObject({ code: "internal" });
    connection.close();
  });

  test("a verb waits for a server that restarts, a ping does not", async () => {
    const store: Store = await openRedisStore({ url: redis.url });
    await redis.kill();
    await expect(store.ping()).rejects.toMatchObject({ code: "store-unavailable" });
    const reading = store.jobs.active();
    await redis.restart();
    expect(await reading).toEqual([]);
    expect(await store.ping()).toBe("ok");
    await store.close();
    await expect(store.jobs.active()).rejects.toMatchObject({ code: "store-unavailable" });
  });

  test("an id without a job is not active, and is dropped when it is old", async () => {
    const raw = new Redis(redis.url.slice("unix:".length));
    let nowMs = 1000;
    const store = await openRedisStore({ url: redis.url, clock: () => nowMs });
    await raw.hset("sg:active", "job_orphan", nowMs);
    expect(await store.jobs.active()).toEqual([]);
    expect(await raw.hexists("sg:active", "job_orphan")).toBe(1);
    nowMs += 60_001;
    expect(await store.jobs.active()).toEqual([]);
    expect(await raw.hexists("sg:active", "job_orphan")).toBe(0);
    await store.close();
    raw.disconnect();
  });
});
