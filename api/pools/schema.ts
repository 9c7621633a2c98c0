import {
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";

export const pools = sqliteTable(
  "pools",
  {
    id: text().primaryKey(),
    /** The account that made it; also a member. */
    owner: text().notNull(),
    /** Unique among the owner's; jobs name a pool by its id, so it may change. */
    name: text().notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  (table) => [uniqueIndex("pools_owner_name").on(table.owner, table.name)],
);

/** Accounts that had a runner connected, and when they last did, to the hour. */
export const lenders = sqliteTable("lenders", {
  account: text().primaryKey(),
  lastLentAtMs: integer("last_lent_at_ms").notNull(),
});

export const poolMembers = sqliteTable(
  "pool_members",
  {
    pool: text()
      .notNull()
      .references(() => pools.id, { onDelete: "cascade" }),
    account: text().notNull(),
    joinedAtMs: integer("joined_at_ms").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.pool, table.account] }),
    index("pool_members_account").on(table.account, table.pool),
  ],
);

/** Open invitations: for one account, or by a code. Gone once accepted, declined or used up. */
export const poolInvitations = sqliteTable(
  "pool_invitations",
  {
    id: text().primaryKey(),
    pool: text()
      .notNull()
      .references(() => pools.id, { onDelete: "cascade" }),
    account: text(),
    /** SHA-256 of the code. */
    codeHash: text("code_hash"),
    usesLeft: integer("uses_left").notNull(),
    expiresAtMs: integer("expires_at_ms").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  (table) => [
    uniqueIndex("pool_invitations_account").on(table.account, table.pool),
    uniqueIndex("pool_invitations_code").on(table.codeHash),
    index("pool_invitations_pool").on(table.pool),
  ],
);
