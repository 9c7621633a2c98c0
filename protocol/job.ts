import { z } from "zod";
import { digestPattern } from "./digest.ts";
import type { ErrorBody } from "./error-schemas.ts";
import { datasetFormatSchema } from "./manifest.ts";
import type { Tasking } from "./tasking.ts";

export const kindSchema = z.enum(["map", "mapReduce", "iterate"]);
export type Kind = z.infer<typeof kindSchema>;

export const jobStatusSchema = z.enum([
  "queued",
  "running",
  "paused",
  "succeeded",
  "failed",
  "cancelled",
]);
export type JobStatus = z.infer<typeof jobStatusSchema>;
export const endedStatuses: ReadonlySet<JobStatus> = new Set(["succeeded", "failed", "cancelled"]);

/** Who may hold a job up: its consumer, and the payments when its budget is used up. */
export const pauseCauseSchema = z.enum(["budget", "consumer"]);
export type PauseCause = z.infer<typeof pauseCauseSchema>;

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** How a task's output bytes are carried to the consumer. */
export const outputFormatSchema = z.object({
  type: z.enum(["json", "bytes"]),
  contentType: z.string(),
});
export type OutputFormat = z.infer<typeof outputFormatSchema>;

/** A constant bound to a job: a blob, decoded in the sandbox as JSON, or as the records of a dataset (its manifest). */
export const constantSchema = z.object({
  digest: z.string().regex(digestPattern),
  type: z.enum(["json", "dataset"]),
});
export type Constant = z.infer<typeof constantSchema>;

export const jobLimitsSchema = z.object({
  fuelPerTask: z.int().positive(),
  memoryMb: z.int().positive(),
  timeoutMs: z.int().positive(),
});
export type JobLimits = z.infer<typeof jobLimitsSchema>;

/**
 * Everything that running a job needs and that never changes: written once at submit, read by planning, gateways and
 * (but for the owner's matters) runners.
 */
export const jobSpecSchema = z.object({
  id: z.string(),
  owner: z.string(),
  /** Whose runners work for it: "everyone", "own" (also when absent), or the id of a pool. */
  pool: z.string().optional(),
  /** What it pays, in hundredths of its version's rate; 100 when absent. Runners may ask for more. */
  bidHundredths: z.int().positive().optional(),
  kind: kindSchema,
  function: z.string(),
  version: z.string(),
  bundle: z.string().regex(digestPattern),
  /** Input: a dataset's manifest by digest, or a range of integers. */
  input: z.discriminatedUnion("type", [
    z.object({
      type: z.literal("dataset"),
      manifest: z.string().regex(digestPattern),
      format: datasetFormatSchema,
      records: z.int(),
      shards: z.int(),
      bytes: z.int(),
    }),
    z.object({ type: z.literal("range"), count: z.int().positive() }),
  ]),
  params: z.record(z.string(), z.json()),
  uses: z.record(z.string(), constantSchema),
  seed: z.int().nonnegative(),
  /**
   * Remembered results: "use" them, or compute all anew and "renew" them. When absent it takes none, and leaves none.
   */
  memo: z.enum(["use", "renew"]).optional(),
  /** Forced records per task (the consumer's or the function's wish); planning decides when absent. */
  recordsPerTask: z.int().positive().optional(),
  /** mapReduce: hash partitions. */
  reducers: z.int().positive(),
  /** iterate: the hard bound on rounds. */
  roundsMax: z.int().positive(),
  output: outputFormatSchema,
  limits: jobLimitsSchema,
  createdAtMs: z.number(),
});
export type JobSpec = z.infer<typeof jobSpecSchema>;

/**
 * What a task runs.
 * - probe: the map of the first few records, only to learn their fuel (deterministic), which sets records per task
 * - init, step, finish: one task each; merge: one task per aligned block of the merge tree
 */
export type Entry = "probe" | "init" | "map" | "reduce" | "merge" | "step" | "finish";

/**
 * One stage: `tasks` tasks of one entry. Stage numbers count up from 0 through the whole job, rounds included.
 * Inputs are named by the stages whose outputs they are, never copied here, so that advancing is a few bytes.
 */
export interface Stage {
  number: number;
  /** 1-based round of an iterative job; 0 before the first. */
  round: number;
  entry: Entry;
  tasks: number;
  /** map and probe: how the input is cut. */
  tasking?: Tasking;
  /** reduce, merge, step: the stage whose outputs are consumed. */
  from?: number;
  /** iterate: the stage whose output (level 0, index 0) holds the state. */
  state?: number;
  /** merge: each task merges one node of this level. merge, step: leaves of the tree, the map stage's tasks. */
  level?: number;
  leaves?: number;
}

/** What finishing a stage tells `advance`, besides the control value that init, step and probe answer with. */
export interface StageSummary {
  outputs: number;
  bytes: number;
  fuel: number;
}

/** Written into the header of a step's output by the guest runtime; the platform reads it, never the state. */
export const controlSchema = z.object({
  done: z.boolean().optional(),
  metrics: z.record(z.string(), z.number().nullable()).optional(),
  /** probe: records that were run. */
  records: z.int().optional(),
});
export type Control = z.infer<typeof controlSchema>;

/** Parameters that were changed while a job ran. */
export interface ParamChange {
  /** What was changed, and to what; the others stay. */
  params: JobSpec["params"];
  atMs: number;
  /** The first round that uses it; 0 when init does. Not in force yet when absent. */
  round?: number;
}

/** A job as the store keeps it. */
export interface JobState {
  spec: JobSpec;
  status: JobStatus;
  stage: Stage;
  /** Tasks of the current stage that are done. */
  done: number;
  /** What the accepted answer of the current stage said to go by; only stages of one task have it. */
  control?: Control;
  /** Tasks computed over all stages, and their fuel. */
  tasksDone: number;
  fuel: number;
  /** Tasks whose results were remembered, and the fuel that they once took. Absent when there are none. */
  remembered?: { tasks: number; fuel: number };
  metrics?: Record<string, number | null>;
  error?: ErrorBody;
  /** While it is paused: by whom, and why, for people. It goes on when nobody holds it up any more. */
  pauses?: Partial<Record<PauseCause, string>>;
  /** The last round that it does before it pauses by itself. */
  stepUntil?: number;
  /** In their order. Those in force come first. */
  paramChanges?: readonly ParamChange[];
  /** The stage whose outputs are the result, once succeeded. */
  resultStage?: number;
  startedAtMs?: number;
  endedAtMs?: number;
}

/**
 * One output of a task. `level` is the reduce partition for a mapReduce map, the merge-tree level for partials, else 0;
 * `index` is the task's index (the node's index for partials). Bytes are inline or, when large, a blob.
 */
export interface Output {
  level: number;
  index: number;
  hash: string;
  fuel: number;
  bytes: number;
  hostClass: string;
  inline?: Uint8Array;
}
