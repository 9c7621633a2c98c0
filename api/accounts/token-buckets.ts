import { LRUCache } from "lru-cache";

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Askers remembered at once; whoever is forgotten starts with a full bucket, as one who waited does. */
const bucketsMax = 50_000;

/** Token buckets by key: `burst` at once, `perSecond` in the long run. Memory is bounded. */
export class TokenBuckets {
  readonly #clock: () => number;
  readonly #buckets = new LRUCache<string, Bucket>({ max: bucketsMax });

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Takes a token. Returns 0, or the milliseconds until there will be one. */
  take(key: string, burst: number, perSecond: number): number {
    const nowMs = this.#clock();
    const bucket = this.#buckets.get(key);
    if (!bucket) {
      this.#buckets.set(key, { tokens: burst - 1, atMs: nowMs });
      return 0;
    }
    // A clock that was set back gives nothing and takes nothing.
    const passedMs = Math.max(0, nowMs - bucket.atMs);
    bucket.tokens = Math.min(burst, bucket.tokens + (passedMs / 1000) * perSecond);
    bucket.atMs = nowMs;
    if (bucket.tokens >= 1) {
      bucket.tokens--;
      return 0;
    }
    return Math.ceil(((1 - bucket.tokens) / perSecond) * 1000);
  }
}
