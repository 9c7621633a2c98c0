import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { Role, Scope } from "../../protocol/accounts.ts";

/**
 * Who there is and how they prove it. The first five tables are better-auth's (its models user, session, account,
 * verification, deviceCode; fields keep its names, columns and tables have ours), the last is our own.
 */

const time = (name: string) => integer(name, { mode: "timestamp_ms" });

export const accounts = sqliteTable("accounts", {
  id: text().primaryKey(),
  handle: text().notNull().unique(),
  name: text().notNull(),
  email: text().notNull().unique(),
  emailVerified: integer("email_verified", { mode: "boolean" }).notNull().default(false),
  image: text(),
  role: text().$type<Role>().notNull().default("member"),
  /** Suspended by the operator. */
  banned: integer({ mode: "boolean" }).notNull().default(false),
  banReason: text("ban_reason"),
  banExpires: time("ban_expires_at_ms"),
  /** Whose machines work for jobs that do not say: "own", "everyone" or a pool's id; null lets the server choose. */
  defaultPool: text("default_pool"),
  createdAt: time("created_at_ms").notNull(),
  updatedAt: time("updated_at_ms").notNull(),
});

/** Handles that are still reserved for whoever had them. */
export const formerHandles = sqliteTable(
  "former_handles",
  {
    handle: text().primaryKey(),
    account: text()
      .notNull()
      .references(() => accounts.id, { onDelete: "cascade" }),
    untilMs: integer("until_ms").notNull(),
  },
  (table) => [
    index("former_handles_account").on(table.account),
    index("former_handles_until").on(table.untilMs),
  ],
);

export const sessions = sqliteTable(
  "sessions",
  {
    id: text().primaryKey(),
    token: text().notNull().unique(),
    userId: text("account")
      .notNull()
      .references(() => accounts.id, { onDelete: "cascade" }),
    expiresAt: time("expires_at_ms").notNull(),
    createdAt: time("created_at_ms").notNull(),
    updatedAt: time("updated_at_ms").notNull(),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
    impersonatedBy: text("impersonated_by"),
    /** "link" for one that began with a sign-in link: it may set a password without knowing the old one. */
    via: text(),
    /** Ours alone: written once a minute, where better-auth writes once a day. */
    lastUsedAtMs: integer("last_used_at_ms"),
  },
  (table) => [
    index("sessions_account").on(table.userId),
    index("sessions_expires").on(table.expiresAt),
  ],
);

/** Ways to sign in; for now each is a password. */
export const logins = sqliteTable(
  "logins",
  {
    id: text().primaryKey(),
    userId: text("account")
      .notNull()
      .references(() => accounts.id, { onDelete: "cascade" }),
    providerId: text("provider").notNull(),
    accountId: text("provider_account").notNull(),
    password: text(),
    accessToken: text("access_token"),
    refreshToken: text("refresh_token"),
    idToken: text("id_token"),
    accessTokenExpiresAt: time("access_token_expires_at_ms"),
    refreshTokenExpiresAt: time("refresh_token_expires_at_ms"),
    scope: text(),
    createdAt: time("created_at_ms").notNull(),
    updatedAt: time("updated_at_ms").notNull(),
  },
  (table) => [index("logins_account").on(table.userId)],
);

/** One-time values; here, sign-in links: the value is the account, the identifier the hash of the link's token. */
export const verifications = sqliteTable(
  "verifications",
  {
    id: text().primaryKey(),
    identifier: text().notNull(),
    value: text().notNull(),
    expiresAt: time("expires_at_ms").notNull(),
    createdAt: time("created_at_ms").notNull(),
    updatedAt: time("updated_at_ms").notNull(),
  },
  (table) => [index("verifications_identifier").on(table.identifier)],
);

/** Devices that wait for someone to type their code (RFC 8628). */
export const deviceCodes = sqliteTable(
  "device_codes",
  {
    id: text().primaryKey(),
    deviceCode: text("device_code").notNull().unique(),
    userCode: text("user_code").notNull().unique(),
    userId: text("account"),
    expiresAt: time("expires_at_ms").notNull(),
    status: text().notNull(),
    lastPolledAt: time("last_polled_at_ms"),
    pollingInterval: integer("polling_interval_ms"),
    clientId: text("client_id"),
    scope: text(),
    /** What its key will be called. */
    deviceName: text("device_name"),
  },
  (table) => [index("device_codes_expires").on(table.expiresAt)],
);

export const apiKeys = sqliteTable(
  "api_keys",
  {
    id: text().primaryKey(),
    account: text()
      .notNull()
      .references(() => accounts.id, { onDelete: "cascade" }),
    name: text().notNull(),
    /** The first characters, by which its owner tells it from others. */
    prefix: text().notNull(),
    /** SHA-256 of the key. A key has 256 random bits, so that nothing slower is needed. */
    hash: text().notNull().unique(),
    scopes: text({ mode: "json" }).$type<Scope[]>().notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    expiresAtMs: integer("expires_at_ms"),
    lastUsedAtMs: integer("last_used_at_ms"),
  },
  (table) => [
    index("api_keys_account").on(table.account, table.id),
    index("api_keys_expires").on(table.expiresAtMs),
  ],
);
