import { z } from "zod";
import { type ErrorCode, errorCodes } from "./errors.ts";

/** Whose fault an error is. Billing and the HTTP status read this, never the message. */
export const faultSchema = z.enum(["caller", "function", "runner", "platform"]);
export type Fault = z.infer<typeof faultSchema>;

export const errorCodeSchema = z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]);

/** A position in the author's own source, 1-based. */
export const sourcePositionSchema = z.object({ file: z.string(), line: z.int(), column: z.int() });
export type SourcePosition = z.infer<typeof sourcePositionSchema>;

/**
 * What is known beyond the message. `record` is the index within the dataset (0-based), `shard` the shard's index,
 * `line` a 1-based line of an upload, `at` where in the author's source, `frames` the author's stack, innermost first.
 */
export const errorDetailsSchema = z
  .object({
    hint: z.string(),
    at: sourcePositionSchema,
    frames: z.array(z.string()),
    /** Of a function that was tried: what it had written with console.log. */
    logs: z.array(z.string()),
    entry: z.string(),
    record: z.int(),
    shard: z.int(),
    task: z.int(),
    line: z.int(),
    param: z.string(),
    limit: z.number(),
    name: z.string(),
    /** Credits that there are, and that it takes. */
    available: z.number(),
    needed: z.number(),
    retryAfterSeconds: z.int(),
  })
  .partial();
export type ErrorDetails = z.infer<typeof errorDetailsSchema>;

/** The error as it crosses a process boundary or is kept with a job. */
export const errorBodySchema = z.object({
  code: errorCodeSchema,
  message: z.string(),
  details: errorDetailsSchema.optional(),
});
export type ErrorBody = z.infer<typeof errorBodySchema>;
