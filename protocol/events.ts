import { z } from "zod";
import { errorBodySchema } from "./error-schemas.ts";
import { jobStatusSchema, pauseCauseSchema } from "./job.ts";

/** A job's numbered events, as SSE carries them (`id: N`, `event: type`, `data: JSON`). */
export const jobEventSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("status"),
    status: jobStatusSchema,
    error: errorBodySchema.optional(),
    note: z.string().optional(),
    /** paused: by whom. */
    pausedBy: z.array(pauseCauseSchema).optional(),
  }),
  z.object({
    type: z.literal("progress"),
    stage: z.int(),
    entry: z.string(),
    round: z.int(),
    done: z.int(),
    total: z.int(),
    /** Records mapped so far over the whole job, and fuel spent. */
    records: z.int(),
    fuel: z.number(),
    /** Tasks so far whose results were remembered, over the whole job; absent when there are none. */
    remembered: z.int().optional(),
    runners: z.int(),
  }),
  z.object({
    type: z.literal("round"),
    round: z.int(),
    metrics: z.record(z.string(), z.number().nullable()),
    ms: z.number(),
    done: z.boolean(),
  }),
  /** Parameters that were changed while the job ran: in force from this round on, until they change again. */
  z.object({
    type: z.literal("params"),
    round: z.int(),
    params: z.record(z.string(), z.json()),
  }),
  z.object({
    type: z.literal("task"),
    stage: z.int(),
    lo: z.int(),
    hi: z.int(),
    state: z.enum(["retried", "copied", "failed"]),
    reason: z.string(),
  }),
  /** Work was paid for: fuel and credits since the job's beginning, and what its hold has left. */
  z.object({ type: z.literal("settle"), fuel: z.number(), cost: z.number(), left: z.number() }),
  z.object({ type: z.literal("log"), task: z.int(), line: z.string() }),
]);
export type JobEvent = z.infer<typeof jobEventSchema>;
export interface NumberedEvent {
  number: number;
  atMs: number;
  event: JobEvent;
}
