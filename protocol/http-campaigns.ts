import { z } from "zod";
import { pageOf, pageQuerySchema, timeSchema } from "./http-common.ts";
import { capMax, watchSecondsMax, watchSecondsMin } from "./limits.ts";
import { positiveCreditsSchema } from "./money.ts";
import { lineSchema, proseSchema } from "./text.ts";

/** An absolute https URL in its normal form: no user name in it that would pass for the host, host names in ASCII. */
export const httpsUrlSchema = z
  .string()
  .max(2_000)
  .transform((text, context) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url?.protocol === "https:" && url.username === "" && url.password === "") return url.href;
    context.addIssue("takes an https:// URL, without a user name in it");
    return z.NEVER;
  });

export const mediaKindSchema = z.enum(["picture", "video"]);

const capSchema = z.int().min(1).max(capMax);
/** How often it is paid at most: to one member, to one member a day, to all of them a day (UTC). */
const capsShape = {
  perViewer: capSchema.default(10),
  perViewerDay: capSchema.default(1),
  perDay: capSchema.nullable().default(null),
};

/** What a sponsor says of a campaign. Set while it is a draft; once it has run, views were sold by it. */
const termsShape = {
  title: lineSchema(100),
  text: proseSchema(1_000).default(""),
  /** Where a viewer may go from it. */
  link: httpsUrlSchema.optional(),
  /** A picture or video elsewhere; or upload one: PUT /v1/campaigns/:id/media. */
  media: z.strictObject({ kind: mediaKindSchema, url: httpsUrlSchema }).optional(),
  creditsPerView: positiveCreditsSchema,
  watchSeconds: z.int().min(watchSecondsMin).max(watchSecondsMax).default(15),
  caps: z.strictObject(capsShape).prefault({}),
  /** Now unless said. */
  startsAt: timeSchema.optional(),
  /** 30 days after the start unless said; at most a year after it. */
  endsAt: timeSchema.optional(),
};

/** POST /v1/campaigns: a draft, with its budget taken from the wallet at once when there is one. */
export const createCampaignRequestSchema = z
  .strictObject({ ...termsShape, budget: positiveCreditsSchema.optional() })
  .meta({ id: "CreateCampaignRequest" });
export type CreateCampaignRequest = z.input<typeof createCampaignRequestSchema>;

/** PUT /v1/campaigns/:id, while it is a draft. An uploaded picture or video stays unless `media` is given. */
export const campaignTermsSchema = z.strictObject(termsShape).meta({ id: "CampaignTerms" });
export type CampaignTerms = z.input<typeof campaignTermsSchema>;
export type ParsedCampaignTerms = z.output<typeof campaignTermsSchema>;

/** POST /v1/campaigns/:id/fund. */
export const fundCampaignRequestSchema = z
  .strictObject({ credits: positiveCreditsSchema })
  .meta({ id: "FundCampaignRequest" });

/** POST /v1/campaigns/:id/stop, by the operator. */
export const stopCampaignRequestSchema = z
  .strictObject({ reason: lineSchema(500) })
  .meta({ id: "StopCampaignRequest" });

export const campaignStateSchema = z.enum(["draft", "running", "paused", "ended"]);
export type CampaignState = z.infer<typeof campaignStateSchema>;
/** Who or what ended it: its sponsor, the operator, its date. */
export const campaignEndSchema = z.enum(["sponsor", "operator", "date"]);

/** Where a page finds the picture or video: another's https URL, or a path of this server. */
export const mediaSchema = z.object({
  kind: mediaKindSchema,
  url: z.string(),
  uploaded: z.boolean(),
});

export const campaignSchema = z
  .object({
    id: z.string(),
    /** Handle of the account that pays for it. */
    sponsor: z.string(),
    state: campaignStateSchema,
    title: z.string(),
    text: z.string(),
    link: z.string().optional(),
    media: mediaSchema.optional(),
    creditsPerView: z.number(),
    watchSeconds: z.int(),
    caps: z.object({ perViewer: z.int(), perViewerDay: z.int(), perDay: z.int().nullable() }),
    startsAt: timeSchema,
    endsAt: timeSchema,
    /** Credits that it holds now, and has paid for views. */
    budget: z.number(),
    spent: z.number(),
    views: z.object({
      opened: z.int(),
      completed: z.int(),
      /** Those of them that were opened since the day (UTC) began. */
      completedToday: z.int(),
      /** Being watched now. */
      open: z.int(),
    }),
    createdAt: timeSchema,
    endedAt: timeSchema.optional(),
    endedBy: campaignEndSchema.optional(),
    /** The operator's, when it was stopped. */
    stopReason: z.string().optional(),
  })
  .meta({ id: "Campaign" });
export type Campaign = z.infer<typeof campaignSchema>;
export const campaignPageSchema = pageOf(campaignSchema).meta({ id: "CampaignPage" });

export const campaignListQuerySchema = pageQuerySchema.extend({
  state: campaignStateSchema.optional(),
});
export type CampaignListQuery = z.infer<typeof campaignListQuerySchema>;

/** GET /v1/campaigns/:id/stats: days of UTC with views, newest first; `cursor` is a day, "2026-11-23". */
export const campaignDaySchema = z
  .object({
    day: z.iso.date(),
    /** Views that were begun that day, and those of them that were watched to the end and paid. */
    opened: z.int(),
    completed: z.int(),
    /** completed / opened, 0 to 1. */
    completionRate: z.number(),
    /** Credits paid for these views. */
    spent: z.number(),
  })
  .meta({ id: "CampaignDay" });
export type CampaignDay = z.infer<typeof campaignDaySchema>;
export const campaignDayPageSchema = pageOf(campaignDaySchema).meta({ id: "CampaignDayPage" });
export const campaignDaysQuerySchema = pageQuerySchema.extend({
  cursor: z.iso.date().optional(),
});
