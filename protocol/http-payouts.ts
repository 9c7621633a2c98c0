import { z } from "zod";
import { currencySchema } from "./currency.ts";
import { pageOf, pageQuerySchema, timeSchema } from "./http-common.ts";
import { creditsSchema, positiveCreditsSchema } from "./money.ts";
import { lineSchema } from "./text.ts";

/**
 * Payouts: credits for money, at the rate that the operator publishes. Money is in whole minor units of its currency
 * (cents); `decimals` says how many of its digits are behind the point.
 *
 *   gross  = floor(credits × minorPerCredit)       amount = gross − fee, more than 0
 *
 * computed exactly, without rounding in between.
 */

/** Minor units for one credit; no finer than a millionth, so that it is a whole number of them inside. */
export const minorPerCreditMax = 1_000_000;
const minorPerCreditSchema = z
  .number()
  .min(0)
  .max(minorPerCreditMax)
  .refine((rate) => Number(rate.toFixed(6)) === rate, "at most six decimals");
export const feeMinorMax = 1_000_000_000;

/** POST /v1/payouts/rates. A currency's rate holds from `validFrom` until the next one's; it is never changed. */
export const setRateRequestSchema = z
  .strictObject({
    currency: currencySchema,
    /** 0: credits are not exchanged for this currency any more. */
    minorPerCredit: minorPerCreditSchema,
    /** Credits that a payout has at least. */
    minimum: creditsSchema,
    /** Minor units that are kept back from each payout. */
    fee: z.int().min(0).max(feeMinorMax).default(0),
    /** Digits behind the point; what is usual for the currency unless said. */
    decimals: z.int().min(0).max(4).optional(),
    /** Now unless said; not in the past. */
    validFrom: timeSchema.optional(),
  })
  .meta({ id: "SetRateRequest" });
export type SetRateRequest = z.input<typeof setRateRequestSchema>;

export const payoutRateSchema = z
  .object({
    id: z.string(),
    currency: z.string(),
    minorPerCredit: z.number(),
    minimum: z.number(),
    fee: z.int(),
    decimals: z.int(),
    validFrom: timeSchema,
    createdAt: timeSchema,
    /** Whether it holds now. */
    current: z.boolean(),
  })
  .meta({ id: "PayoutRate" });
export type PayoutRate = z.infer<typeof payoutRateSchema>;
export const payoutRatePageSchema = pageOf(payoutRateSchema).meta({ id: "PayoutRatePage" });

/** GET /v1/payouts/rates: newest first. `current` leaves out what was and what will be. */
export const rateListQuerySchema = pageQuerySchema.extend({
  currency: z.string().max(10).optional(),
  current: z.enum(["true", "false"]).default("false"),
});

/** POST /v1/payouts. */
export const payoutRequestSchema = z
  .strictObject({
    credits: positiveCreditsSchema,
    currency: z.string().min(1).max(10),
    /** Where the money goes, as the operator asks for it: an account number, an address. */
    destination: lineSchema(500),
    /** Id of the rate that was agreed to: the request is refused when another one holds by now. */
    rate: z.string().max(100).optional(),
  })
  .meta({ id: "PayoutRequest" });
export type PayoutRequest = z.input<typeof payoutRequestSchema>;

export const payoutStateSchema = z.enum(["requested", "paid", "rejected", "withdrawn"]);
export type PayoutState = z.infer<typeof payoutStateSchema>;

export const payoutSchema = z
  .object({
    id: z.string(),
    /** Handle of the member; on the operator's list. */
    account: z.string(),
    state: payoutStateSchema,
    credits: z.number(),
    currency: z.string(),
    decimals: z.int(),
    /** Id of the rate. */
    rate: z.string(),
    /** Minor units. */
    gross: z.int(),
    fee: z.int(),
    amount: z.int(),
    destination: z.string(),
    requestedAt: timeSchema,
    /** The operator is paying it: it cannot be withdrawn any more. */
    payingSince: timeSchema.optional(),
    endedAt: timeSchema.optional(),
    /** Of the payment, once it is paid. */
    reference: z.string().optional(),
    /** Why it was rejected. */
    reason: z.string().optional(),
  })
  .meta({ id: "Payout" });
export type Payout = z.infer<typeof payoutSchema>;
export const payoutPageSchema = pageOf(payoutSchema).meta({ id: "PayoutPage" });

export const payoutListQuerySchema = pageQuerySchema.extend({
  state: payoutStateSchema.optional(),
});
export type PayoutListQuery = z.infer<typeof payoutListQuerySchema>;

/** POST /v1/payouts/:id/pay. Without a reference the payment begins; with one it is done. */
export const payPayoutRequestSchema = z
  .strictObject({ reference: lineSchema(200).optional() })
  .meta({ id: "PayPayoutRequest" });

/** POST /v1/payouts/:id/reject. */
export const rejectPayoutRequestSchema = z
  .strictObject({ reason: lineSchema(500) })
  .meta({ id: "RejectPayoutRequest" });
