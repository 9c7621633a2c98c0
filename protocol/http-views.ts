import { z } from "zod";
import { mediaSchema } from "./http-campaigns.ts";
import { pageOf, timeSchema } from "./http-common.ts";

/** A commercial as its viewer sees it. */
export const commercialSchema = z
  .object({
    /** Id of the campaign. */
    id: z.string(),
    sponsor: z.string(),
    title: z.string(),
    text: z.string(),
    link: z.string().optional(),
    media: mediaSchema.optional(),
    /** Credits for watching it to the end. */
    credits: z.number(),
    watchSeconds: z.int(),
  })
  .meta({ id: "Commercial" });
export type Commercial = z.infer<typeof commercialSchema>;

/** What a member has earned by watching, since the day (UTC) began. */
export const viewingDaySchema = z.object({
  views: z.int(),
  viewsMax: z.int(),
  earned: z.number(),
});

/** GET /v1/campaigns/next. Null when there is nothing to watch now. */
export const nextCommercialSchema = z
  .object({ commercial: commercialSchema.nullable(), today: viewingDaySchema })
  .meta({ id: "NextCommercial" });
export type NextCommercial = z.infer<typeof nextCommercialSchema>;

/** Commercials that are offered to one viewer at a time: a page of them, and more when these are watched. */
export const offeredMax = 24;

/** GET /v1/campaigns/offered: those that may be watched now, in the order of their turns. */
export const offeredCommercialsSchema = z
  .object({ items: z.array(commercialSchema), next: z.null(), today: viewingDaySchema })
  .meta({ id: "OfferedCommercials" });
export type OfferedCommercials = z.infer<typeof offeredCommercialsSchema>;

/** POST /v1/campaigns/:id/views: the token that heartbeats and the finish name it by. It is shown here only. */
export const openedViewSchema = z
  .object({
    token: z.string(),
    commercial: commercialSchema,
    /** Send a heartbeat this often while the page is visible. */
    heartbeatMs: z.int(),
    expiresAt: timeSchema,
  })
  .meta({ id: "OpenedView" });
export type OpenedView = z.infer<typeof openedViewSchema>;

/** POST /v1/views/:token/heartbeat. `sequence` grows with each; `visible` says whether the page can be seen. */
export const heartbeatRequestSchema = z
  .strictObject({
    visible: z.boolean(),
    sequence: z.int().min(0).max(1_000_000_000),
  })
  .meta({ id: "ViewHeartbeat" });
export type ViewHeartbeat = z.infer<typeof heartbeatRequestSchema>;

/** Milliseconds by the server's clock. `taken` is false for a sequence that is not new. */
export const viewProgressSchema = z
  .object({ taken: z.boolean(), watchedMs: z.int(), requiredMs: z.int() })
  .meta({ id: "ViewProgress" });
export type ViewProgress = z.infer<typeof viewProgressSchema>;

/** A view that was paid: POST /v1/views/:token/finish, and the items of GET /v1/views, newest first. */
export const paidViewSchema = z
  .object({
    id: z.string(),
    /** Id and title of the campaign. */
    campaign: z.string(),
    title: z.string(),
    credits: z.number(),
    paidAt: timeSchema,
  })
  .meta({ id: "PaidView" });
export type PaidView = z.infer<typeof paidViewSchema>;
export const paidViewPageSchema = pageOf(paidViewSchema).meta({ id: "PaidViewPage" });
