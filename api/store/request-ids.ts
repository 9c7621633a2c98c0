import { randomBytes } from "node:crypto";

const idBytes = 12;
const idsPerPool = 256;

/**
 * Makes ids with `prefix` and 96 random bits, so that who holds one lease cannot guess another's token. Randomness is
 * drawn for many at once: a draw costs as much as all of a lease's bookkeeping.
 */
export function requestIds(prefix: string): () => string {
  let pool = Buffer.alloc(0);
  let at = 0;
  return () => {
    if (at === pool.byteLength) {
      pool = randomBytes(idBytes * idsPerPool);
      at = 0;
    }
    const start = at;
    at += idBytes;
    return prefix + pool.toString("base64url", start, at);
  };
}
