import { z } from "zod";
import { timeSchema } from "./http-common.ts";
import { pausedSchema } from "./runner-offer.ts";

/** What a machine made of the work that it took, over all its connections. */
export const runnerRecordSchema = z
  .object({
    since: timeSchema,
    tasksDone: z.int(),
    tasksLost: z.int().describe("Taken and never answered, since its connection broke"),
    faults: z
      .int()
      .describe(
        "Failures that were the machine's own, and answers that were not what was asked for",
      ),
    reliability: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe("The share of it that was done; absent before there is enough to say so"),
  })
  .meta({ id: "RunnerRecord" });
export type RunnerRecord = z.infer<typeof runnerRecordSchema>;

export const runnerSchema = z
  .object({
    /** Stable identity of the installation; `session` of this connection. */
    id: z.string(),
    session: z.string(),
    name: z.string(),
    /** The handle of whose machine it is. */
    owner: z.string(),
    /** Pools whose jobs it does, besides its owner's and everyone's: "owner/name". Told to its owner alone. */
    pools: z.array(z.string()).optional(),
    version: z.string(),
    hostClass: z.string(),
    platform: z.string(),
    slots: z.int(),
    /** The multiple of a version's rate that it works for, or more. Its owner's own jobs it does for nothing. */
    ask: z.number(),
    busy: z.int(),
    memoryMb: z.int(),
    connectedAt: timeSchema,
    /** Since it connected. */
    tasksDone: z.int(),
    record: runnerRecordSchema,
    state: z.enum(["idle", "busy", "draining", "paused"]),
    /** Why it does no work for now, and until when. What it holds it finishes or hands back. */
    paused: pausedSchema.optional(),
    /** Whose jobs its owner has limited it to: "everyone", "own", "owner/name". Told to its owner alone. */
    servesOnly: z.array(z.string()).optional(),
    cpu: z
      .number()
      .min(0)
      .optional()
      .describe(
        "Processor cores that the runner and its executors keep busy: 1 is one core wholly",
      ),
    rssMb: z.number().optional().describe("Resident memory of the runner and its executors"),
  })
  .meta({ id: "Runner" });
export type Runner = z.infer<typeof runnerSchema>;

/** A machine that was connected before and is not now. */
export const awayRunnerSchema = runnerSchema
  .pick({ id: true, name: true, owner: true, version: true, platform: true, record: true })
  .extend({ lastSeenAt: timeSchema })
  .meta({ id: "AwayRunner" });
export type AwayRunner = z.infer<typeof awayRunnerSchema>;
export const awayRunnerPageSchema = z
  .object({ items: z.array(awayRunnerSchema), next: z.null() })
  .meta({ id: "AwayRunnerPage" });

/** GET /v1/runners: those connected now, in one page. */
export const runnerPageSchema = z
  .object({ items: z.array(runnerSchema), next: z.null() })
  .meta({ id: "RunnerPage" });
