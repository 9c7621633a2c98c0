import { createHmac, timingSafeEqual } from "node:crypto";
import { LRUCache } from "lru-cache";

/** Whom a token was issued to, and for what: a job's id, or for calls the digest of their bundle. */
export interface BlobClaim {
  session: string;
  subject: string;
}

/**
 * Blob tokens: what a runner presents to fetch blobs and to put its outputs. `session.subject.signature`, HMAC SHA-256
 * with the store's shared secret, so that nothing needs to be kept. A token says who asks and what for; what that
 * opens, and for how long, follows from the work that the session holds (blob-access.ts).
 */
export class BlobTokens {
  readonly #secret: string;
  readonly #cache = new LRUCache<string, string>({ max: 10_000 });

  constructor(secret: string) {
    this.#secret = secret;
  }

  issue(session: string, subject: string): string {
    const claim = `${session}.${subject}`;
    return `${claim}.${this.#sign(claim)}`;
  }

  /** One HMAC for all calls of a bundle that one session gets. */
  issueCached(session: string, subject: string): string {
    const key = `${session}.${subject}`;
    const cached = this.#cache.get(key);
    if (cached) return cached;
    const token = this.issue(session, subject);
    this.#cache.set(key, token);
    return token;
  }

  /** Undefined when it is forged. */
  verify(token: string): BlobClaim | undefined {
    const [session, subject, signature, ...rest] = token.split(".");
    if (!session || !subject || !signature || rest.length > 0) return undefined;
    const expected = Buffer.from(this.#sign(`${session}.${subject}`));
    const given = Buffer.from(signature);
    const holds = given.byteLength === expected.byteLength && timingSafeEqual(given, expected);
    return holds ? { session, subject } : undefined;
  }

  #sign(claim: string): string {
    return createHmac("sha256", this.#secret).update(claim).digest("base64url");
  }
}
