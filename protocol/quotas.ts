import { z } from "zod";

/** What an account may have so much of. `activeJobs` are those that have not ended, `runners` those connected. */
export const quotaNameSchema = z.enum([
  "functions",
  "versions",
  "datasets",
  "datasetBytes",
  "activeJobs",
  "keys",
  "runners",
]);
export type QuotaName = z.infer<typeof quotaNameSchema>;
export const quotaNames: readonly QuotaName[] = quotaNameSchema.options;

const quotaUseSchema = z.object({
  used: z.int().nonnegative(),
  max: z.int().nonnegative().nullable().describe("null: as many as there are"),
});

export const quotasSchema = z
  .object({
    functions: quotaUseSchema,
    versions: quotaUseSchema,
    datasets: quotaUseSchema,
    datasetBytes: quotaUseSchema,
    activeJobs: quotaUseSchema,
    keys: quotaUseSchema,
    runners: quotaUseSchema,
  })
  .meta({ id: "Quotas" });
export type Quotas = z.infer<typeof quotasSchema>;

/** What an account is given of its own; null takes that back. */
export const quotaChangesSchema = z
  .partialRecord(quotaNameSchema, z.int().nonnegative().nullable())
  .meta({ id: "QuotaChanges" });
export type QuotaChanges = z.infer<typeof quotaChangesSchema>;
