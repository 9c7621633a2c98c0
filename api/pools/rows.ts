import { and, asc, count, desc, eq, lt, sql } from "drizzle-orm";
import type { Drizzle } from "../database/open.ts";
import { poolMembers, pools } from "./schema.ts";

export type PoolRow = typeof pools.$inferSelect;
export type MemberRow = typeof poolMembers.$inferSelect;

export interface PoolRows {
  /** - created; - exists: this id, or a pool of this owner by this name, is there; nothing changed */
  insert(row: PoolRow): "created" | "exists";
  find(id: string): PoolRow | undefined;
  named(owner: string, name: string): PoolRow | undefined;
  /** Pools that an account belongs to, newest first, before `cursor`. */
  joinedBy(account: string, cursor: string | undefined, limit: number): PoolRow[];
  /** How many it belongs to, its own included. */
  countJoinedBy(account: string): number;
  countOwnedBy(account: string): number;
  rename(id: string, name: string): void;
  /** With members and invitations. */
  remove(id: string): void;
  /** Those longest in it first. */
  members(pool: string): MemberRow[];
  countMembers(pool: string): number;
  isMember(pool: string, account: string): boolean;
  addMember(row: MemberRow): void;
  /** Whether it was one. */
  removeMember(pool: string, account: string): boolean;
}

/** Sorts after every id. */
const end = "~";

export function createPoolRows(database: Drizzle): PoolRows {
  const { placeholder } = sql;
  const byId = database
    .select()
    .from(pools)
    .where(eq(pools.id, placeholder("id")))
    .prepare();
  const byName = database
    .select()
    .from(pools)
    .where(and(eq(pools.owner, placeholder("owner")), eq(pools.name, placeholder("name"))))
    .prepare();
  const membersOf = database
    .select()
    .from(poolMembers)
    .where(eq(poolMembers.pool, placeholder("pool")))
    .orderBy(asc(poolMembers.joinedAtMs), asc(poolMembers.account))
    .prepare();
  const theMember = (pool: string, account: string) =>
    and(eq(poolMembers.pool, pool), eq(poolMembers.account, account));
  return {
    insert: (row) =>
      database.insert(pools).values(row).onConflictDoNothing().run().changes > 0
        ? "created"
        : "exists",
    find: (id) => byId.get({ id }),
    named: (owner, name) => byName.get({ owner, name }),
    joinedBy: (account, cursor, limit) =>
      database
        .select({ pool: pools })
        .from(poolMembers)
        .innerJoin(pools, eq(pools.id, poolMembers.pool))
        .where(and(eq(poolMembers.account, account), lt(poolMembers.pool, cursor ?? end)))
        .orderBy(desc(poolMembers.pool))
        .limit(limit)
        .all()
        .map(({ pool }) => pool),
    countJoinedBy: (account) =>
      database
        .select({ count: count() })
        .from(poolMembers)
        .where(eq(poolMembers.account, account))
        .get()!.count,
    countOwnedBy: (account) =>
      database.select({ count: count() }).from(pools).where(eq(pools.owner, account)).get()!.count,
    rename: (id, name) => void database.update(pools).set({ name }).where(eq(pools.id, id)).run(),
    remove: (id) => void database.delete(pools).where(eq(pools.id, id)).run(),
    members: (pool) => membersOf.all({ pool }),
    countMembers: (pool) =>
      database.select({ count: count() }).from(poolMembers).where(eq(poolMembers.pool, pool)).get()!
        .count,
    isMember: (pool, account) =>
      database.select().from(poolMembers).where(theMember(pool, account)).get() !== undefined,
    addMember: (row) => void database.insert(poolMembers).values(row).onConflictDoNothing().run(),
    removeMember: (pool, account) =>
      database.delete(poolMembers).where(theMember(pool, account)).run().changes > 0,
  };
}
