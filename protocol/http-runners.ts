import { z } from "zod";
import { timeSchema } from "./http-common.ts";
import { pausedSchema } from "./runner-offer.ts";

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
    tasksDone: z.int(),
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

/** GET /v1/runners: those connected now, in one page. */
export const runnerPageSchema = z
  .object({ items: z.array(runnerSchema), next: z.null() })
  .meta({ id: "RunnerPage" });
