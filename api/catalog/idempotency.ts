import { asc, count, eq, inArray, lt, sql } from "drizzle-orm";
import type { Database } from "../database/open.ts";
import { idempotency } from "./schema.ts";

export type IdempotencyRow = typeof idempotency.$inferSelect;

export interface Idempotency {
  find(key: string): IdempotencyRow | undefined;
  /** Notes that a request with this key begins; a row that is there stays. */
  begin(row: Pick<IdempotencyRow, "key" | "request" | "resource" | "createdAtMs">): void;
  answer(key: string, status: number, headers: Record<string, string>, body: string): void;
  /** Forgets a request whose answer is not worth keeping, so that the key may be tried again. */
  forget(key: string): void;
  /** Forgets keys older than a time, and the oldest beyond `kept`. */
  trim(beforeMs: number, kept: number): void;
}

/**
 * What begins and what was answered is not flushed. A request whose note a power cut took had made nothing yet: what it
 * makes is flushed after the note. One whose answer is gone is worked again, under the ids of the first attempt.
 */
export function createIdempotency({ drizzle: database, unflushed }: Database): Idempotency {
  const placeholder = sql.placeholder;
  const byKey = eq(idempotency.key, placeholder("key"));
  const findOne = database.select().from(idempotency).where(byKey).prepare();
  const insert = database
    .insert(idempotency)
    .values({
      key: placeholder("key"),
      request: placeholder("request"),
      resource: placeholder("resource"),
      createdAtMs: placeholder("createdAtMs"),
    })
    .onConflictDoNothing()
    .prepare();
  const update = database
    .update(idempotency)
    .set({
      status: sql`${placeholder("status")}`,
      headers: sql`${placeholder("headers")}`,
      body: sql`${placeholder("body")}`,
    })
    .where(byKey)
    .prepare();
  return {
    find: (key) => findOne.get({ key }),
    begin: (row) => void unflushed(() => insert.run(row)),
    answer: (key, status, headers, body) =>
      void unflushed(() => update.run({ key, status, headers: JSON.stringify(headers), body })),
    forget: (key) => void database.delete(idempotency).where(eq(idempotency.key, key)).run(),
    trim: (beforeMs, kept) => {
      database.delete(idempotency).where(lt(idempotency.createdAtMs, beforeMs)).run();
      const surplus =
        (database.select({ count: count() }).from(idempotency).get()?.count ?? 0) - kept;
      if (surplus <= 0) return;
      const oldest = database
        .select({ key: idempotency.key })
        .from(idempotency)
        .orderBy(asc(idempotency.createdAtMs))
        .limit(surplus);
      database.delete(idempotency).where(inArray(idempotency.key, oldest)).run();
    },
  };
}
