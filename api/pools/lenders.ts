import { eq, sql } from "drizzle-orm";
import { LRUCache } from "lru-cache";
import type { Drizzle } from "../database/open.ts";
import { lenders } from "./schema.ts";

/** Whoever had a runner connected within this time has machines, though none may be here at the moment. */
export const lentLatelyMs = 7 * 24 * 3_600_000;
/** Finer than this nobody needs to know. */
const notedEveryMs = 3_600_000;
const remembered = 10_000;

/** Who lends machines, and when they last did; asked for every job and call that names no pool. */
export class Lenders {
  readonly #database: Drizzle;
  readonly #clock: () => number;
  readonly #lentMs = new LRUCache<string, number>({ max: remembered });
  readonly #find;

  constructor(database: Drizzle, clock: () => number) {
    this.#database = database;
    this.#clock = clock;
    this.#find = database
      .select({ lentMs: lenders.lastLentAtMs })
      .from(lenders)
      .where(eq(lenders.account, sql.placeholder("account")))
      .prepare();
  }

  /** A runner of this account is connected, or was until now. */
  note(account: string): void {
    const nowMs = this.#clock();
    if (nowMs - this.#lastLentMs(account) < notedEveryMs) return;
    this.#database
      .insert(lenders)
      .values({ account, lastLentAtMs: nowMs })
      .onConflictDoUpdate({ target: lenders.account, set: { lastLentAtMs: nowMs } })
      .run();
    this.#lentMs.set(account, nowMs);
  }

  lentLately(account: string): boolean {
    return this.#clock() - this.#lastLentMs(account) < lentLatelyMs;
  }

  #lastLentMs(account: string): number {
    const known = this.#lentMs.get(account);
    if (known !== undefined) return known;
    const lentMs = this.#find.get({ account })?.lentMs ?? Number.NEGATIVE_INFINITY;
    this.#lentMs.set(account, lentMs);
    return lentMs;
  }
}
