import { and, count, eq, gt, lte, sql } from "drizzle-orm";
import { GridError } from "../../protocol/errors.ts";
import type { Drizzle } from "../database/open.ts";
import { formerHandles } from "./schema.ts";

/** Long enough for whoever wrote "old/name" into a program to meet the new name; then the handle is free. */
const reservedMs = 365 * 24 * 3_600_000;
/** Else one account could lay hold of any number of handles. */
const reservedMax = 5;

/**
 * Handles that accounts had before. For a year they mean the same account still, so that nobody else can take one and be
 * sent what was meant for its former bearer: calls to `old/name`, invitations, grants.
 */
export class FormerHandles {
  readonly #database: Drizzle;
  readonly #clock: () => number;
  readonly #find;

  constructor(database: Drizzle, clock: () => number) {
    this.#database = database;
    this.#clock = clock;
    this.#find = database
      .select({ account: formerHandles.account })
      .from(formerHandles)
      .where(
        and(
          eq(formerHandles.handle, sql.placeholder("handle")),
          gt(formerHandles.untilMs, sql.placeholder("nowMs")),
        ),
      )
      .prepare();
  }

  /** The account that had this handle. */
  accountOf(handle: string): string | undefined {
    return this.#find.get({ handle, nowMs: this.#clock() })?.account;
  }

  /** The account goes by another handle from now on. @throws GridError conflict when it had too many within a year */
  changed(account: string, from: string, to: string): void {
    const nowMs = this.#clock();
    this.forget(nowMs);
    this.#database.delete(formerHandles).where(eq(formerHandles.handle, to)).run();
    const { held } = this.#database
      .select({ held: count() })
      .from(formerHandles)
      .where(eq(formerHandles.account, account))
      .get()!;
    if (held >= reservedMax)
      throw new GridError("conflict", `This account has changed its handle ${held} times.`, {
        limit: reservedMax,
        hint: "A handle stays reserved for a year after it was changed. Take one of those back, or wait.",
      });
    const reserved = { account, untilMs: nowMs + reservedMs };
    this.#database
      .insert(formerHandles)
      .values({ handle: from, ...reserved })
      .onConflictDoUpdate({ target: formerHandles.handle, set: reserved })
      .run();
  }

  /** Those whose time is over. */
  forget(nowMs: number): void {
    this.#database.delete(formerHandles).where(lte(formerHandles.untilMs, nowMs)).run();
  }
}
