import { z } from "zod";
import { timeSchema } from "./http-common.ts";
import { bidSchema } from "./http-payments.ts";
import { pausedSchema } from "./runner-offer.ts";
import { runnerSettingsChangeSchema, runnerSettingsSchema } from "./runner-settings.ts";

/** What the page that a runner serves on its own machine and the runner say to each other, under /api. */

const joiningSchema = z.discriminatedUnion("state", [
  z.object({
    state: z.literal("waiting"),
    url: z.string(),
    /** What whoever approves compares. */
    code: z.string(),
    link: z.string(),
    expiresAt: timeSchema,
  }),
  z.object({ state: z.literal("failed"), url: z.string(), reason: z.string() }),
]);

const activitySchema = z.object({
  busy: z.int(),
  slots: z.int(),
  leases: z.array(
    z.object({
      job: z.string(),
      function: z.string(),
      entry: z.string(),
      round: z.int().optional(),
      tasks: z.int(),
    }),
  ),
  calls: z.array(z.object({ function: z.string(), count: z.int() })),
  tasksDone: z.int(),
  callsDone: z.int(),
});

/** GET /api/state */
export const runnerPageStateSchema = z.object({
  name: z.string(),
  version: z.string(),
  startedAt: timeSchema,
  /** The address of what it lends to; null before it has joined. */
  server: z.string().nullable(),
  /** To join, as far as the start named one. */
  suggestedServer: z.string().nullable(),
  /** The handle of whose machine it is, once the server has said it. */
  owner: z.string().nullable(),
  joining: joiningSchema.nullable(),
  connection: z.object({ connected: z.boolean(), since: timeSchema }),
  paused: pausedSchema.nullable(),
  /** What holds: settings, or flags of the start, or defaults. */
  terms: z.object({
    slots: z.int(),
    cpuPercent: z.int(),
    memoryMb: z.int(),
    ask: bidSchema.optional(),
    pools: z.array(z.string()).optional(),
  }),
  settings: runnerSettingsSchema,
  /** Set by the start's flags, whatever the settings say. */
  overridden: z.array(z.string()),
  /** What is wrong with settings.json; what it said before holds. */
  settingsFault: z.string().nullable(),
  networkBytesToday: z.int(),
  /** Null before it has joined. */
  activity: activitySchema.nullable(),
});
export type RunnerPageState = z.infer<typeof runnerPageStateSchema>;

/** GET /api/samples, oldest first; and one a second as the event `sample` of GET /api/events */
export const samplesSchema = z.object({
  items: z.array(
    z.object({
      at: timeSchema,
      /** Percent of one core, of the runner and its executors. */
      cpu: z.number(),
      rssMb: z.number(),
      /** Percent of all cores together, of everything. */
      machineCpu: z.number(),
      machineMb: z.number(),
      machineMbMax: z.number(),
    }),
  ),
});
export type RunnerSamples = z.infer<typeof samplesSchema>;

/** GET /api/log?lines=N, oldest first; and the event `log` */
export const logLineSchema = z.object({
  at: timeSchema,
  level: z.enum(["debug", "info", "warn", "error"]),
  message: z.string(),
  fields: z.record(z.string(), z.string()),
});
export const logQuerySchema = z.strictObject({
  lines: z.coerce.number().int().min(1).max(500).default(200),
});
export const logSchema = z.object({ items: z.array(logLineSchema) });
export type RunnerLogLine = z.infer<typeof logLineSchema>;

/** GET /api/update */
export const updateSchema = z.object({
  version: z.string(),
  /** What the server hands out; null when it does not answer. */
  offered: z.string().nullable(),
  available: z.boolean(),
  /** What to type to take it. */
  command: z.string(),
});
export type RunnerUpdate = z.infer<typeof updateSchema>;

/** POST /api/join */
export const joinServerSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ""))
    .describe("The server's address"),
});

/** PATCH /api/settings: null sets a default again */
export const settingsChangeSchema = runnerSettingsChangeSchema;

/** POST /api/pause: "1h", "30m", "restart", or a time */
export const pauseRequestSchema = z.strictObject({ until: z.string().min(1).max(40) });
