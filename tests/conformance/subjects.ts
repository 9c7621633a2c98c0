import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../../api/store/open-store.ts";
import type { Store } from "../../api/store/port.ts";
import {
  type RedisUnderTest,
  redisInstalled,
  startRedis,
  startRedisCluster,
} from "../support/redis-server.ts";

export interface Running {
  /** What another process opens the store by. */
  dataDir: string;
  redisUrl: string;
  open(): Promise<Store>;
  stop(): Promise<void>;
}

/** A kind of store under test. */
export interface Subject {
  name: string;
  /** Whether several processes may open it at once. */
  shared: boolean;
  /** How many leases of one task each its test makes. */
  singleTaskLeases: number;
  start(): Promise<Running>;
}

/** All stores of this machine. Without redis-server the Redis ones are left out loudly, and in CI that is an error. */
export function subjects(): Subject[] {
  const many = 200_000;
  const embedded: Subject = {
    name: "embedded",
    shared: false,
    singleTaskLeases: many,
    start: startEmbedded,
  };
  if (!redisInstalled()) {
    console.warn(
      "NOT RUN: the conformance of Redis and Redis Cluster (no redis-server on the PATH)",
    );
    return [embedded];
  }
  return [
    embedded,
    {
      name: "redis",
      shared: true,
      singleTaskLeases: many,
      start: () => overRedis(startRedis()),
    },
    {
      name: "redis cluster",
      shared: true,
      singleTaskLeases: many / 10,
      start: () => overRedis(startRedisCluster()),
    },
  ];
}

async function startEmbedded(): Promise<Running> {
  const dataDir = mkdtempSync(join(tmpdir(), "sparegrid-store-"));
  return {
    dataDir,
    redisUrl: "",
    open: () => openStore({ dataDir }),
    stop: async () => rmSync(dataDir, { recursive: true, force: true }),
  };
}

async function overRedis(starting: Promise<RedisUnderTest>): Promise<Running> {
  const redis = await starting;
  return {
    dataDir: "",
    redisUrl: redis.url,
    open: () => openStore({ dataDir: "", redisUrl: redis.url }),
    stop: () => redis.stop(),
  };
}
