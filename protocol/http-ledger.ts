import { z } from "zod";
import { handleSchema } from "./accounts.ts";
import { pageOf, pageQuerySchema, timeSchema } from "./http-common.ts";
import { positiveCreditsSchema } from "./money.ts";
import { lineSchema } from "./text.ts";

/** Why credits moved. */
export const transferKinds = [
  "grant",
  "hold",
  "release",
  "work",
  "royalty",
  "fee",
  "cover",
  "call",
  "fund",
  "view",
  "payout",
] as const;
export const transferKindSchema = z.enum(transferKinds);
export type TransferKind = z.infer<typeof transferKindSchema>;

/** GET /v1/ledger. Amounts are credits. */
export const walletSchema = z
  .object({
    available: z.number().describe("What can be spent"),
    held: z.number().describe("Set aside for jobs and campaigns: the sum of the two that follow"),
    heldForJobs: z.number(),
    heldForCampaigns: z.number(),
    onItsWayOut: z.number().describe("Set aside until it is paid out or returns"),
    onItsWayIn: z.number().describe("Promised, and not here yet"),
  })
  .meta({ id: "Wallet" });
export type Wallet = z.infer<typeof walletSchema>;

export const directionSchema = z.enum(["in", "out"]);

export const walletEntrySchema = z
  .object({
    id: z.string(),
    number: z.int().describe("Position in the ledger"),
    at: timeSchema,
    kind: transferKindSchema,
    direction: directionSchema,
    /** Asked for; what has moved of it is `moved`, as long as it is pending, or when a part was posted. */
    amount: z.number(),
    moved: z.number(),
    state: z.enum(["posted", "pending", "voided", "expired"]),
    otherSide: z
      .string()
      .describe('"job ID", a handle, "campaign ID", "the mint", "the platform", …'),
    job: z.string().optional(),
    function: z.string().optional(),
    runner: z.string().optional().describe("Whose work it was: one of the account's own"),
    fuel: z.number().optional(),
    calls: z.number().optional(),
    campaign: z.string().optional(),
    payout: z.string().optional(),
    note: z.string().optional(),
  })
  .meta({ id: "WalletEntry" });
export type WalletEntry = z.infer<typeof walletEntrySchema>;
export const walletEntryPageSchema = pageOf(walletEntrySchema).meta({ id: "WalletEntryPage" });

const kindsSchema = z
  .string()
  .max(200)
  .transform((text) => text.split(","))
  .pipe(z.array(transferKindSchema).min(1));

const filters = {
  kind: kindsSchema.optional().describe("One kind, or several with commas between them"),
  from: timeSchema.optional().describe("At or after"),
  to: timeSchema.optional().describe("Before"),
  job: z
    .string()
    .max(200)
    .optional()
    .describe("Instead of the wallet: the hold of this job of the account's"),
};
export const walletExportQuerySchema = z.strictObject(filters);
export type WalletExportQuery = z.infer<typeof walletExportQuerySchema>;
/** A page may have fewer entries than its limit, even none, and still have a next: filters look so far at a time. */
export const walletHistoryQuerySchema = pageQuerySchema.extend({
  ...filters,
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, "the `next` of a page")
    .optional(),
});
export type WalletHistoryQuery = z.infer<typeof walletHistoryQuerySchema>;

export const grantNoteCharsMax = 200;
/** POST /v1/ledger/grants, by the operator. */
export const grantRequestSchema = z
  .strictObject({
    account: handleSchema.describe("Handle of the account"),
    credits: positiveCreditsSchema,
    note: lineSchema(grantNoteCharsMax).optional().describe("Shown to both"),
  })
  .meta({ id: "GrantRequest" });
export type GrantRequest = z.input<typeof grantRequestSchema>;

export const grantSchema = z
  .object({
    id: z.string(),
    account: z.string(),
    credits: z.number(),
    note: z.string().optional(),
    at: timeSchema,
  })
  .meta({ id: "Grant" });
export type Grant = z.infer<typeof grantSchema>;

/** GET /v1/ledger/verify, for the operator. Amounts are credits, those in `rows` microcredits. */
export const ledgerReportSchema = z
  .object({
    verifiedAt: timeSchema,
    transfers: z.int(),
    accounts: z.int(),
    minted: z.number().describe("All that the mint has given out: the sum of the six that follow"),
    inWallets: z.number(),
    inHolds: z.number(),
    inPayouts: z.number(),
    paid: z.number(),
    platform: z.number(),
    elsewhere: z.number(),
    pending: z.int().describe("Transfers that have not ended"),
    pendingAmount: z.number().describe("What they set aside, part of the above"),
    holds: z.boolean().describe("Whether all invariants hold"),
    violation: z
      .object({
        rule: z.string(),
        message: z.string(),
        rows: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))),
      })
      .optional(),
  })
  .meta({ id: "LedgerReport" });
export type LedgerReport = z.infer<typeof ledgerReportSchema>;
