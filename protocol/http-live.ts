import { z } from "zod";
import { timeSchema } from "./http-common.ts";
import { pauseCauseSchema } from "./job.ts";

/** What can be done to a job while it runs, and what a page needs to show it as it runs. */

/** Bytes of one change of parameters, as JSON: it stays in the job's history and goes to every runner of a round. */
export const paramChangeBytesMax = 16 * 1024;
/** Changes that a job keeps: each is part of how its result came about, so none is forgotten. */
export const paramChangesMax = 1_000;

/** PATCH /v1/jobs/:id/params: those that change; the others stay. */
export const paramsRequestSchema = z
  .strictObject({ params: z.record(z.string(), z.json()) })
  .meta({ id: "ParamsRequest" });
export type ParamsRequest = z.infer<typeof paramsRequestSchema>;

/** POST /v1/jobs/:id/step: so many rounds, and paused again; one when absent. */
export const stepRequestSchema = z
  .strictObject({ rounds: z.int().min(1).max(1_000_000).optional() })
  .meta({ id: "StepRequest" });
export type StepRequest = z.infer<typeof stepRequestSchema>;

/** One entry of a job's `paramChanges`, in the order in which they were made. */
export const paramChangeViewSchema = z.object({
  /** The first round that used it; 0 when init did already. Absent: the next round that begins will. */
  round: z.int().optional(),
  /** What was changed, and to what. */
  params: z.record(z.string(), z.json()),
  at: timeSchema,
});
export type ParamChangeView = z.infer<typeof paramChangeViewSchema>;

/** A runner that works on a job now. Machines of others than the job's owner have a pseudonym for a name. */
export const jobRunnerSchema = z.object({
  name: z.string(),
  /** Whether it is the job owner's own. */
  own: z.boolean(),
  leases: z.int(),
  /** Tasks that it holds and has not answered, and what part that is of all that are held. */
  tasks: z.int(),
  share: z.number(),
  /** It does the job's rounds by itself, one after the other. */
  follows: z.boolean(),
});
export type JobRunner = z.infer<typeof jobRunnerSchema>;

/** What a job's view has beyond its progress. */
export const liveFieldsSchema = z.object({
  /** While it is paused: by whom. It goes on when both let it. */
  pausedBy: z.array(pauseCauseSchema).optional(),
  /** While it does a given number of rounds: the one after which it pauses. */
  stepUntil: z.int().optional(),
  /** Parameters that were changed while it ran. `params` are those it was submitted with. */
  paramChanges: z.array(paramChangeViewSchema).optional(),
  /** Those at work on it now. */
  runners: z.array(jobRunnerSchema).optional(),
});

/** Intervals in an answer of GET /v1/jobs/:id/tasks at most. */
export const taskIntervalsMax = 2_000;

/** Tasks [lo, hi). Those that are neither done nor leased are pending. */
export const taskIntervalSchema = z.object({
  lo: z.int(),
  hi: z.int(),
  /** "mixed" only where `merged`: several of them. */
  state: z.enum(["done", "pending", "leased", "mixed"]),
  done: z.int(),
  leased: z.int(),
  /** Attempts that were lost under some of these tasks. */
  attempts: z.int(),
  /** Who holds them: indices into `runners`, at most 8. Two where one is a copy. */
  runners: z.array(z.int()),
});
export type TaskInterval = z.infer<typeof taskIntervalSchema>;

/** What went wrong with tasks and was made good, or not. Of the whole job, the newest last. */
export const taskFailureSchema = z.object({
  stage: z.int(),
  lo: z.int(),
  hi: z.int(),
  state: z.enum(["retried", "copied", "failed"]),
  reason: z.string(),
  at: timeSchema,
});
export type TaskFailure = z.infer<typeof taskFailureSchema>;
/** Failures in an answer at most: the newest. */
export const taskFailuresMax = 100;

/** GET /v1/jobs/:id/tasks: where the tasks of the present stage stand, as intervals that together are [0, total). */
export const jobTasksSchema = z
  .object({
    stage: z.int(),
    entry: z.string(),
    round: z.int(),
    total: z.int(),
    done: z.int(),
    leased: z.int(),
    pending: z.int(),
    /** There were too many intervals: each stands for equally many tasks, and its counts say where they are. */
    merged: z.boolean(),
    intervals: z.array(taskIntervalSchema),
    runners: z.array(z.object({ name: z.string(), own: z.boolean() })),
    failures: z.array(taskFailureSchema),
  })
  .meta({ id: "JobTasks" });
export type JobTasks = z.infer<typeof jobTasksSchema>;

/** GET /v1/jobs/:id/state: what an iterate job would result in, had it ended with the last round. */
export const jobStateViewSchema = z
  .object({ round: z.int(), value: z.json() })
  .meta({ id: "JobStateView" });
export type JobStateView = z.infer<typeof jobStateViewSchema>;
