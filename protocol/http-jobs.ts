import { z } from "zod";
import { errorBodySchema } from "./error-schemas.ts";
import { allSchema, pageOf, pageQuerySchema, timeSchema } from "./http-common.ts";
import { functionRefSchema } from "./http-functions.ts";
import { liveFieldsSchema } from "./http-live.ts";
import { bidSchema, holdSchema } from "./http-payments.ts";
import { poolChoiceSchema } from "./http-pools.ts";
import { jobStatusSchema, kindSchema } from "./job.ts";
import { fuelPerTaskMax, taskTimeoutMsMax } from "./limits.ts";
import { positiveCreditsSchema } from "./money.ts";

/**
 * A bound constant: another job's result, a dataset, or an inline value; "job:ID" and "dataset:ID" in short.
 * "job:ID@latest" is what an iterate job has come to so far, while it runs.
 */
export const useBindingSchema = z.union([
  z.string().regex(/^(?:job|dataset):./, 'write "job:ID", "dataset:ID" or { "value": … }'),
  z.strictObject({ job: z.string().min(1) }),
  z.strictObject({ dataset: z.string().min(1) }),
  z.strictObject({ value: z.json() }),
]);
export type UseBinding = z.infer<typeof useBindingSchema>;

const versionSchema = z.string().min(1).max(64);
const paramsSchema = z.record(z.string(), z.json());
const usesSchema = z.record(z.string(), useBindingSchema);
const seedSchema = z.int().nonnegative();

/**
 * POST /v1/jobs. Exactly one of `dataset` (its id) and `input`, which is inline and by the function's input type:
 * range: how many integers · items: an array · lines: an array of strings or one text · text, csv, ndjson: the text ·
 * matrix: rows of numbers, or { columns, rows } · bytes: base64 text.
 * `version` may be "latest" (default) or the first 8 or more characters of a version.
 */
export const submitRequestSchema = z
  .strictObject({
    function: functionRefSchema,
    version: versionSchema.optional(),
    dataset: z.string().min(1).max(200).optional(),
    input: z.json().optional(),
    params: paramsSchema.optional(),
    uses: usesSchema.optional(),
    seed: seedSchema.optional(),
    /** Credits that it holds, and spends at most. Absent: what an estimate made just before says, or a default. */
    budget: positiveCreditsSchema.optional(),
    bid: bidSchema.optional(),
    verify: z.enum(["none", "audit", "quorum"]).optional(),
    pool: poolChoiceSchema.optional(),
    /** false: computes everything anew, though results of some of it are remembered, and remembers these instead. */
    memo: z.boolean().optional(),
    recordsPerTask: z.int().positive().optional(),
    /** Begins paused by its consumer: nothing is done until it is resumed, or stepped. */
    paused: z.boolean().optional(),
    limits: z
      .strictObject({
        fuelPerTask: z.int().positive().max(fuelPerTaskMax),
        memoryMb: z.int().min(16).max(4096),
        timeoutMs: z.int().min(100).max(taskTimeoutMsMax),
      })
      .partial()
      .optional(),
  })
  .meta({ id: "SubmitRequest" });
export type SubmitRequest = z.infer<typeof submitRequestSchema>;

/** POST /v1/jobs/:id/again: what differs from the job that is run again. */
export const rerunRequestSchema = z
  .strictObject({
    params: paramsSchema.optional().describe("Those that change; the others stay"),
    seed: seedSchema.optional(),
    budget: positiveCreditsSchema.optional(),
    pool: poolChoiceSchema.optional(),
  })
  .meta({ id: "RerunRequest" });
export type RerunRequest = z.infer<typeof rerunRequestSchema>;

/** POST /v1/functions/:name/invoke. `input` as for a job's inline input. */
export const invokeRequestSchema = z
  .strictObject({
    input: z.json().optional(),
    params: paramsSchema.optional(),
    uses: usesSchema.optional(),
    seed: seedSchema.optional(),
    pool: poolChoiceSchema.optional(),
  })
  .meta({ id: "InvokeRequest" });
export type InvokeRequest = z.infer<typeof invokeRequestSchema>;

/** 200 of an invoke. A bytes output is { base64, contentType }, unless Accept names its type: then it is the body. */
export const invokeResponseSchema = z
  .object({
    result: z.json(),
    jobId: z.string(),
    fuel: z.number(),
    /** Compute time in the sandbox. */
    ms: z.number(),
    /** Why the version that ran should not be used any more. */
    deprecated: z.string().optional(),
  })
  .meta({ id: "InvokeResponse" });
export type InvokeResponse = z.infer<typeof invokeResponseSchema>;

/** 202 of an invoke that outlasted `Prefer: wait`, or that asked for `respond-async`; Location names the job. */
export const invokeAcceptedSchema = z
  .object({ jobId: z.string(), deprecated: z.string().optional() })
  .meta({ id: "InvokeAccepted" });
export type InvokeAccepted = z.infer<typeof invokeAcceptedSchema>;

/** One row of GET /v1/jobs, newest first. */
export const jobSummarySchema = z
  .object({
    id: z.string(),
    function: z.string(),
    version: z.string(),
    kind: kindSchema,
    status: jobStatusSchema,
    error: errorBodySchema.optional(),
    createdAt: timeSchema,
    startedAt: timeSchema.optional(),
    endedAt: timeSchema.optional(),
    owner: z.string().optional().describe("With all=true: whose it is, by handle"),
  })
  .meta({ id: "JobSummary" });
export type JobSummary = z.infer<typeof jobSummarySchema>;
export const jobPageSchema = pageOf(jobSummarySchema).meta({ id: "JobPage" });

export const jobListQuerySchema = pageQuerySchema.extend({
  status: jobStatusSchema.optional(),
  function: functionRefSchema.optional(),
  /** Id of a dataset that they read, as input or as a constant. */
  dataset: z.string().max(200).optional(),
  all: allSchema,
});
export type JobListQuery = z.infer<typeof jobListQuerySchema>;

/** GET /v1/jobs/:id, and the answer to a submit and a cancel. */
export const jobSchema = jobSummarySchema
  .extend({
    /** Stages count up through the whole job, rounds included; `round` is 1-based, 0 before the first. */
    stage: z.int(),
    entry: z.enum(["probe", "init", "map", "reduce", "merge", "step", "finish", "invoke"]),
    round: z.int(),
    /** Tasks of the current stage. */
    progress: z.object({ done: z.int(), total: z.int() }),
    /** Tasks computed over all stages. */
    tasksDone: z.int(),
    /** Tasks that cost nothing because their results were remembered, and the fuel that they once took. */
    remembered: z.object({ tasks: z.int(), fuel: z.number() }).optional(),
    /** Records of the input. */
    records: z.int(),
    /** Records mapped a second since the job started, while it maps and after it ended. */
    recordsPerSecond: z.number().optional(),
    metrics: z.record(z.string(), z.number().nullable()),
    fuel: z.number(),
    /** Credits paid so far. A job on its owner's own machines costs nothing, and has no hold. */
    cost: z.number(),
    hold: holdSchema.optional(),
    seed: z.int(),
    params: z.record(z.string(), z.json()),
    /** Whose runners work for it: "everyone", "own", or a pool as "owner/name". */
    pool: z.string().optional(),
    /** In the answer to a submit: why its version should not be used any more. */
    deprecated: z.string().optional(),
    /** Why a running job does not move, for people. */
    waitingFor: z.string().optional(),
    ...liveFieldsSchema.shape,
  })
  .meta({ id: "Job" });
export type Job = z.infer<typeof jobSchema>;
