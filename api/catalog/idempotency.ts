import { asc, count, eq, inArray, lt, sql } from "drizzle-orm";
import type { Drizzle } from "../database/open.ts";
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

export function createIdempotency(database: Drizzle): Idempotency {
  const findOne = database
    .select()
    .from(idempotency)
    .where(eq(idempotency.key, sql.placeholder("key")))
    .prepare();
  return {
    find: (key) => findOne.get({ key }),
    begin: ({ key, request, resource, createdAtMs }) =>
      void database
        .insert(idempotency)
        .values({ key, request, resource, createdAtMs })
        .onConflictDoNothing()
        .run(),
    answer: (key, status, headers, body) =>
      void database
        .update(idempotency)
        .set({ status, headers, body })
        .where(eq(idempotency.key, key))
        .run(),
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
