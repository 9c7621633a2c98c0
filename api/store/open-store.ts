import { openEmbeddedStore } from "./embedded/store.ts";
import type { StoreLog } from "./log.ts";
import type { Store } from "./port.ts";
import { openRedisStore } from "./redis/store.ts";

export interface StoreConfig {
  dataDir: string;
  /** redis://, rediss://, unix:/path or redis+cluster://h1:p,h2:p. Unset: the embedded store in dataDir. */
  redisUrl?: string | undefined;
  clock?: () => number;
  log?: StoreLog;
}

/** @throws GridError store-unavailable, bad-request (an address that is not understood) */
export function openStore({ dataDir, redisUrl, ...options }: StoreConfig): Promise<Store> {
  return redisUrl
    ? openRedisStore({ url: redisUrl, ...options })
    : openEmbeddedStore({ dataDir, ...options });
}
