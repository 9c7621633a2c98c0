import { randomBytes } from "node:crypto";
import { newId } from "../../../protocol/ids.ts";
import { type StoreLog, silentLog } from "../log.ts";
import type { Store } from "../port.ts";
import { requestIds } from "../request-ids.ts";
import { redisBlobs } from "./blobs.ts";
import { Connection } from "./connection.ts";
import { RedisEvents } from "./events.ts";
import { RedisJobs } from "./jobs.ts";
import { secretKey } from "./keys.ts";
import { redisMemos } from "./memos.ts";
import { Notices } from "./notices.ts";
import { present } from "./users.ts";

export interface RedisStoreOptions {
  /** redis://, rediss://, unix:/path, redis+cluster://h1:p,h2:p. */
  url: string;
  clock?: () => number;
  log?: StoreLog;
}

/**
 * The store in Redis 7 or Valkey, single or Cluster, shared by processes and machines. The server must not evict
 * (maxmemory-policy noeviction) and should append (appendonly yes): what it forgets is lost.
 * A verb whose server is away retries for some 20 s and then throws GridError store-unavailable.
 */
export async function openRedisStore({
  url,
  clock = Date.now,
  log = silentLog,
}: RedisStoreOptions): Promise<Store> {
  const connection = await Connection.open(url, log);
  // A request id begins with its sender's name, so that one's own messages are known.
  const sender = `${newId("token", clock())}.`;
  const newRequest = requestIds(sender);
  const notices = new Notices(connection, sender, log);
  const jobs = new RedisJobs({ connection, notices, newRequest, clock });
  jobs.collectGarbage().catch((error: unknown) => {
    if (!connection.closed.aborted) log.warn({ error }, "removed jobs are not all deleted yet");
  });
  return {
    blobs: redisBlobs(connection),
    jobs,
    events: new RedisEvents({ connection, notices, newRequest }),
    memos: redisMemos(connection),
    async ping() {
      await connection.once("ping");
      return "ok";
    },
    async secret(name) {
      const key = secretKey(name);
      await connection.text("set", key, randomBytes(32).toString("hex"), "NX");
      return (await connection.text("get", key)) as string;
    },
    present: (user, nowMs, rememberedMs) => present(connection, user, nowMs, rememberedMs),
    async close() {
      notices.close();
      connection.close();
    },
  };
}
