import { spawnSync } from "node:child_process";
import { startRedis } from "../../tests/support/redis-server.ts";

export interface BenchRedis {
  url: string;
  /** The same server as ioredis and BullMQ take it. */
  connection: { path: string };
}

/** Runs something against a Redis of its own; undefined, with a note, where there is no redis-server. */
export async function withRedis<T>(
  work: (redis: BenchRedis) => Promise<T>,
): Promise<T | undefined> {
  if (spawnSync("redis-server", ["--version"]).status !== 0) {
    process.stderr.write("  redis-server is not installed: its rows are left out\n");
    return undefined;
  }
  const server = await startRedis();
  try {
    return await work({ url: server.url, connection: { path: server.url.slice("unix:".length) } });
  } finally {
    await server.stop();
  }
}
