import { GridError } from "../../protocol/errors.ts";
import type { TokenBuckets } from "../accounts/token-buckets.ts";
import type { ApiContext } from "./context.ts";
import type { Operation } from "./route.ts";
import { addressOf } from "./who.ts";

/** A script may hurry: what it does in a minute at the full rate, it may do at once. */
const burstSeconds = 60;
/** Strangers can only sign up and sign in; a tenth of an account's rate is plenty. */
const strangersShare = 10;

export interface WriteLimitOptions {
  buckets: TokenBuckets;
  /** Of one account, in the long run; 0 for no limit. */
  writesPerSecond: number;
  proxies: number;
}

/**
 * Holds back who writes too much: each account has a rate, and each address from which someone unknown writes.
 * @returns undefined for an operation that is never held back, else the check, which throws GridError too-many-requests
 */
export function createWriteLimit({ buckets, writesPerSecond, proxies }: WriteLimitOptions) {
  return function writeLimitOf(operation: Operation): ((c: ApiContext) => void) | undefined {
    if (operation.method === "get" || operation.unlimited || writesPerSecond === 0)
      return undefined;
    return (c) => {
      const account = c.get("principal")?.account;
      const waitMs =
        account === undefined
          ? take(`address ${addressOf(c, proxies)}`, writesPerSecond / strangersShare)
          : take(account, writesPerSecond);
      if (waitMs === 0) return;
      throw new GridError("too-many-requests", "This is faster than writes are taken in.", {
        retryAfterSeconds: Math.ceil(waitMs / 1000),
      });
    };
  };

  function take(key: string, perSecond: number): number {
    return buckets.take(key, Math.max(1, perSecond * burstSeconds), perSecond);
  }
}
