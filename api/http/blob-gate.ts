import { LRUCache } from "lru-cache";
import type { Digest } from "../../protocol/digest.ts";

const usedMax = 100_000;
const usedMsMin = 600_000;

/**
 * Knows which blobs are about to be needed though no holder is noted yet, so that the sweep leaves them alone: those of
 * storing that is under way (an upload finds a shard already there and relies on it long before the catalog says so),
 * and known ones that a request was just given.
 */
export class BlobGate {
  readonly #clock: () => number;
  /** When each storing under way began. */
  readonly #storing = new Set<{ sinceMs: number }>();
  readonly #used: LRUCache<Digest, true>;

  /** @param graceMs how long a blob stays that nobody needs */
  constructor(graceMs: number, clock: () => number) {
    this.#clock = clock;
    this.#used = new LRUCache({ max: usedMax, ttl: Math.max(graceMs, usedMsMin) });
  }

  /** Runs what puts blobs and notes, before it ends, who holds them. */
  async storing<T>(work: () => Promise<T>): Promise<T> {
    const entry = { sinceMs: this.#clock() };
    this.#storing.add(entry);
    try {
      return await work();
    } finally {
      this.#storing.delete(entry);
    }
  }

  /** A stored blob is given to a request that has no hold on it yet. */
  use(digest: Digest): void {
    this.#used.set(digest, true);
  }

  isUsed(digest: Digest): boolean {
    return this.#used.has(digest);
  }

  /** For how long the longest storing has been under way: blobs that it needs were put within that time. */
  storingMs(): number {
    let sinceMs = Number.POSITIVE_INFINITY;
    for (const entry of this.#storing) sinceMs = Math.min(sinceMs, entry.sinceMs);
    return Math.max(this.#clock() - sinceMs, 0);
  }
}
