import { createHmac, timingSafeEqual } from "node:crypto";
import { LRUCache } from "lru-cache";

/**
 * Blob tokens: what a runner presents to fetch a job's blobs and to put its outputs. `job.expiry.signature`, HMAC
 * SHA-256 over job and expiry with the store's shared secret, so that any gateway can check what another one issued
 * and nothing needs to be kept. A blob's name is its digest, so a token opens only what its holder was told of.
 */
export class BlobTokens {
  readonly #secret: string;
  readonly #clock: () => number;
  readonly #lifetimeMs: number;
  readonly #cache = new LRUCache<string, string>({ max: 10_000 });

  constructor(secret: string, clock: () => number, lifetimeMs = 24 * 3600_000) {
    this.#secret = secret;
    this.#clock = clock;
    this.#lifetimeMs = lifetimeMs;
  }

  issue(job: string): string {
    const expiry = Math.ceil(this.#clock() + this.#lifetimeMs);
    const claim = `${job}.${expiry.toString(36)}`;
    return `${claim}.${this.#sign(claim)}`;
  }

  /** A token that may be handed out again for the same subject for half its life: one HMAC, many calls. */
  issueCached(job: string): string {
    const cached = this.#cache.get(job);
    if (cached) return cached;
    const token = this.issue(job);
    this.#cache.set(job, token, { ttl: this.#lifetimeMs / 2 });
    return token;
  }

  /** The job a token was issued for, or undefined when it is forged or has expired. */
  verify(token: string): string | undefined {
    const [job, expiry, signature, ...rest] = token.split(".");
    if (!job || !expiry || !signature || rest.length > 0) return undefined;
    const expected = Buffer.from(this.#sign(`${job}.${expiry}`));
    const given = Buffer.from(signature);
    if (given.byteLength !== expected.byteLength || !timingSafeEqual(given, expected))
      return undefined;
    return Number.parseInt(expiry, 36) > this.#clock() ? job : undefined;
  }

  #sign(claim: string): string {
    return createHmac("sha256", this.#secret).update(claim).digest("base64url");
  }
}
