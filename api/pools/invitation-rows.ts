import { and, asc, count, eq, gt, lte, sql } from "drizzle-orm";
import type { Drizzle } from "../database/open.ts";
import { poolInvitations } from "./schema.ts";

export type InvitationRow = typeof poolInvitations.$inferSelect;

/** Those that have expired are not found, and go when their pool invites again. */
export interface InvitationRows {
  insert(row: InvitationRow): void;
  find(pool: string, id: string): InvitationRow | undefined;
  forAccount(pool: string, account: string, nowMs: number): InvitationRow | undefined;
  byCodeHash(codeHash: string, nowMs: number): InvitationRow | undefined;
  ofPool(pool: string, nowMs: number): InvitationRow[];
  received(account: string, nowMs: number, limit: number): InvitationRow[];
  count(pool: string): number;
  update(id: string, change: Partial<InvitationRow>): void;
  remove(id: string): void;
  removeExpired(pool: string, nowMs: number): void;
}

export function createInvitationRows(database: Drizzle): InvitationRows {
  const table = poolInvitations;
  const { placeholder } = sql;
  const open = (nowMs: number) => gt(table.expiresAtMs, nowMs);
  const byCode = database
    .select()
    .from(table)
    .where(and(eq(table.codeHash, placeholder("hash")), gt(table.expiresAtMs, placeholder("now"))))
    .prepare();
  return {
    insert: (row) => void database.insert(table).values(row).run(),
    find: (pool, id) =>
      database
        .select()
        .from(table)
        .where(and(eq(table.pool, pool), eq(table.id, id)))
        .get(),
    forAccount: (pool, account, nowMs) =>
      database
        .select()
        .from(table)
        .where(and(eq(table.pool, pool), eq(table.account, account), open(nowMs)))
        .get(),
    byCodeHash: (hash, now) => byCode.get({ hash, now }),
    ofPool: (pool, nowMs) =>
      database
        .select()
        .from(table)
        .where(and(eq(table.pool, pool), open(nowMs)))
        .orderBy(asc(table.id))
        .all(),
    received: (account, nowMs, limit) =>
      database
        .select()
        .from(table)
        .where(and(eq(table.account, account), open(nowMs)))
        .orderBy(asc(table.id))
        .limit(limit)
        .all(),
    count: (pool) =>
      database.select({ count: count() }).from(table).where(eq(table.pool, pool)).get()!.count,
    update: (id, change) => void database.update(table).set(change).where(eq(table.id, id)).run(),
    remove: (id) => void database.delete(table).where(eq(table.id, id)).run(),
    removeExpired: (pool, nowMs) =>
      void database
        .delete(table)
        .where(and(eq(table.pool, pool), lte(table.expiresAtMs, nowMs)))
        .run(),
  };
}
