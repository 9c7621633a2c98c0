import { z } from "zod";
import { timeSchema } from "./http-common.ts";
import { ledgerReportSchema } from "./http-ledger.ts";

/** GET /v1/status, for the operator: how the server does, and what waits for somebody. */
export const serverStatusSchema = z
  .object({
    version: z.string(),
    /** Of the server; what computes is the runners'. */
    node: z.string(),
    startedAt: timeSchema,
    store: z.object({
      kind: z.enum(["embedded", "redis"]),
      answers: z.boolean(),
      pingMs: z.number().optional(),
      problem: z.string().optional().describe("Why it does not answer"),
    }),
    runners: z.object({ connected: z.int(), slots: z.int(), busy: z.int() }),
    jobs: z.object({ active: z.int().describe("Those that have not ended") }),
    memory: z.object({ residentBytes: z.int(), heapBytes: z.int() }),
    disk: z
      .object({ freeBytes: z.number(), totalBytes: z.number() })
      .optional()
      .describe("Of the data folder; absent where the system does not tell"),
    eventLoop: z.object({
      delayP99Ms: z
        .number()
        .describe("Over the last seconds; above some 100 it has too much to do"),
    }),
    accounts: z.object({ total: z.int(), suspended: z.int() }),
    campaigns: z.object({ running: z.int() }),
    payouts: z.object({ requested: z.int().describe("Those that wait for the operator") }),
    ledger: ledgerReportSchema
      .optional()
      .describe("What the last check found; absent when there was none since the start"),
    /** As the environment has them. Amounts are credits. */
    settings: z.object({
      platformFeePercent: z.number(),
      jobBudgetDefault: z.number(),
      signUpGrant: z.number(),
      viewsPerDayMax: z.int(),
      jobRetentionHours: z.int(),
    }),
  })
  .meta({ id: "ServerStatus" });
export type ServerStatus = z.infer<typeof serverStatusSchema>;
