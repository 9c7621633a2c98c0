import { sql } from "drizzle-orm";
import {
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import type { CampaignState } from "../../protocol/http-campaigns.ts";
import type { MediaType } from "../../protocol/limits.ts";
import type { ViewPhase } from "./view.ts";

/** What sponsors pay for. Their credits are in the ledger: account "campaign:ID". */
export const campaigns = sqliteTable(
  "campaigns",
  {
    id: text().primaryKey(),
    /** The account that pays. */
    sponsor: text().notNull(),
    state: text().$type<CampaignState>().notNull(),
    title: text().notNull(),
    text: text().notNull(),
    link: text(),
    mediaKind: text("media_kind").$type<"picture" | "video">(),
    /** Elsewhere, or … */
    mediaUrl: text("media_url"),
    /** … a blob of ours. */
    mediaDigest: text("media_digest"),
    mediaType: text("media_type").$type<MediaType>(),
    viewMicro: integer("view_micro").notNull(),
    watchSeconds: integer("watch_seconds").notNull(),
    perViewerMax: integer("per_viewer_max").notNull(),
    perViewerDayMax: integer("per_viewer_day_max").notNull(),
    perDayMax: integer("per_day_max"),
    startsAtMs: integer("starts_at_ms").notNull(),
    endsAtMs: integer("ends_at_ms").notNull(),
    /** Cannot pay another view until it is funded again. */
    dry: integer({ mode: "boolean" }).notNull(),
    /** Grows with each view that is opened anywhere; the campaign with the least is next. */
    turn: integer().notNull(),
    /** Ended, and all that was left has gone back. */
    settled: integer({ mode: "boolean" }).notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    endedAtMs: integer("ended_at_ms"),
    endedBy: text("ended_by").$type<"sponsor" | "operator" | "date">(),
    stopReason: text("stop_reason"),
  },
  (table) => [
    index("campaigns_sponsor").on(table.sponsor, table.id),
    index("campaigns_turn").on(table.state, table.dry, table.turn),
    index("campaigns_settled").on(table.state, table.settled),
  ],
);
export type CampaignRow = typeof campaigns.$inferSelect;

/** Watchings. Those that were paid stay; of the others only what a day's statistics keep. */
export const views = sqliteTable(
  "views",
  {
    id: text().primaryKey(),
    campaign: text()
      .notNull()
      .references(() => campaigns.id),
    /** The account that watches. */
    viewer: text().notNull(),
    /** SHA-256 of the token. */
    tokenHash: text("token_hash").notNull().unique(),
    phase: text().$type<ViewPhase>().notNull(),
    /** What it pays, as promised when it was opened. */
    micro: integer().notNull(),
    requiredMs: integer("required_ms").notNull(),
    openedAtMs: integer("opened_at_ms").notNull(),
    expiresAtMs: integer("expires_at_ms").notNull(),
    endedAtMs: integer("ended_at_ms"),
  },
  (table) => [
    uniqueIndex("views_open").on(table.viewer).where(sql`phase = 'open'`),
    index("views_viewer").on(table.viewer, table.phase, table.openedAtMs),
    index("views_campaign").on(table.campaign, table.phase, table.viewer, table.openedAtMs),
    index("views_expiry").on(table.phase, table.expiresAtMs),
  ],
);
export type ViewRow = typeof views.$inferSelect;

/** What a campaign's views of one day (UTC; days since 1970) came to. All of a view counts for the day it was opened. */
export const campaignDays = sqliteTable(
  "campaign_days",
  {
    campaign: text()
      .notNull()
      .references(() => campaigns.id),
    day: integer().notNull(),
    opened: integer().notNull(),
    completed: integer().notNull(),
    spentMicro: integer("spent_micro").notNull(),
  },
  (table) => [primaryKey({ columns: [table.campaign, table.day] })],
);
