import { z } from "zod";
import { timeSchema } from "./http-common.ts";
import { creditsSchema, positiveCreditsSchema } from "./money.ts";

/** What a job pays: a multiple of its version's rate. Runners may ask for one. */
export const bidMin = 0.1;
export const bidMax = 100;
export const bidSchema = z
  .number()
  .min(bidMin)
  .max(bidMax)
  .refine((bid) => Number(bid.toFixed(2)) === bid, "at most two decimals");

/** A bid, or an ask, in hundredths: 100 is the rate itself. */
export function hundredthsOf(multiple: number): number {
  return Math.round(multiple * 100);
}

/** What is set aside for a job. Absent for one on its owner's own machines, which costs nothing. */
export const holdSchema = z
  .object({
    /** Put into the hold, at submit and by top-ups. */
    held: creditsSchema,
    spent: creditsSchema,
    /** Still in the hold; 0 once the job has ended, when it was given back. */
    left: creditsSchema,
    /** Earned by runners and not paid, as the hold is used up; after the end, what nobody has paid. */
    owed: creditsSchema,
    /** All is paid, and the rest is given back. */
    settled: z.boolean(),
    /** Credits for 10^9 fuel, and the multiple of it that the job pays. */
    rate: z.number(),
    bid: z.number(),
    royaltyPercent: z.number(),
    feePercent: z.number(),
    /** Of what was spent: to those whose machines worked, to the author, to the platform. */
    work: creditsSchema,
    royalty: creditsSchema,
    fee: creditsSchema,
  })
  .meta({ id: "Hold" });
export type Hold = z.infer<typeof holdSchema>;

/** POST /v1/jobs/:id/top-up */
export const topUpRequestSchema = z
  .strictObject({ credits: positiveCreditsSchema })
  .meta({ id: "TopUpRequest" });
export type TopUpRequest = z.infer<typeof topUpRequestSchema>;

const basisSchema = z.enum(["base", "reference", "owners"]);

/**
 * - base: the platform's rate, as too little is known of the version
 * - reference: from the operator's own machines
 * - owners: the median over several owners' machines
 */
const rateSchema = z.object({
  /** Credits for 10^9 fuel. */
  rate: z.number(),
  basis: basisSchema,
  /** Owners of the machines that it was derived from. */
  owners: z.int(),
  /** Absent for the platform's rate. */
  validFrom: timeSchema.optional(),
});

/** GET /v1/rates/:version */
export const versionRateSchema = rateSchema
  .extend({
    version: z.string(),
    feePercent: z.number(),
    /** This rate and those before it, newest first. */
    history: z.array(rateSchema),
  })
  .meta({ id: "VersionRate" });
export type VersionRate = z.infer<typeof versionRateSchema>;

const rangeSchema = z.object({ low: z.number(), expected: z.number(), high: z.number() });

/** POST /v1/jobs/estimate, by the same body as a submit. `cost` in credits. */
export const estimateSchema = z
  .object({
    fuel: rangeSchema,
    cost: rangeSchema,
    /** Credits for 10^9 fuel. */
    rate: z.number(),
    bid: z.number(),
    royaltyPercent: z.number(),
    feePercent: z.number(),
    /** An iterative function: what a round takes, and how many there are at most. `fuel` and `cost` are for all of these. */
    rounds: z.object({ fuel: rangeSchema, cost: rangeSchema, most: z.int() }).optional(),
    /** Records that were run to find out, of all. */
    sampledRecords: z.int(),
    records: z.int(),
    /** What of its map is remembered and costs nothing: `fuel` and `cost` are for the rest. Absent when nothing is. */
    remembered: z.object({ tasks: z.int(), records: z.int(), fuel: z.number() }).optional(),
    /** It runs on the caller's own machines, and costs nothing. */
    free: z.boolean(),
  })
  .meta({ id: "Estimate" });
export type Estimate = z.infer<typeof estimateSchema>;
