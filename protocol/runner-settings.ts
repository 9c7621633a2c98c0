import { z } from "zod";
import { timeSchema } from "./http-common.ts";
import { bidSchema } from "./http-payments.ts";
import { poolChoiceSchema, poolsPerAccountMax } from "./http-pools.ts";
import { parseWeekHours } from "./week-hours.ts";

const hoursSchema = z
  .string()
  .max(500)
  .superRefine((text, context) => {
    const spans = parseWeekHours(text);
    if (typeof spans === "string") context.addIssue({ code: "custom", message: spans });
  });

/**
 * What a machine's owner has set: `settings.json` in the runner's data folder, which the command line, the runner's page
 * and people's editors write, and the running runner heeds at once. What is absent has no limit, or the default.
 */
export const runnerSettingsSchema = z
  .strictObject({
    slots: z.int().min(1).max(1024).optional().describe("Tasks at once; default: cores − 1"),
    cpuPercent: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .describe("How much of the time each slot may compute; default: 100"),
    memoryMb: z
      .int()
      .min(256)
      .optional()
      .describe(
        "MB that the runner and its executors may use together; default: half of the machine's",
      ),
    ask: bidSchema
      .optional()
      .describe("Work only for jobs that pay this multiple of the rate, or more; default: 1"),
    pools: z
      .array(poolChoiceSchema)
      .min(1)
      .max(2 * poolsPerAccountMax)
      .optional()
      .describe('Work only for these: "everyone", "own", "owner/name"; default: all that it may'),
    idleMinutes: z
      .int()
      .min(1)
      .max(24 * 60)
      .optional()
      .describe("Work only when nobody has used the machine for so long"),
    othersCpuPercent: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .describe("Work only while other programs use less than this of all cores together"),
    mainsOnly: z.boolean().optional().describe("Work only on mains power"),
    hours: hoursSchema
      .optional()
      .describe(
        'Work only in these hours, by the machine\'s clock: "mon-fri 18:00-08:00, sat-sun"',
      ),
    networkMbPerDay: z
      .int()
      .min(1)
      .optional()
      .describe(
        "Data volume of a day, both ways; when it is used up, the runner waits for midnight",
      ),
    pause: z
      .union([z.literal("restart"), timeSchema])
      .optional()
      .describe('Do nothing until this time, or with "restart" until the runner is started again'),
  })
  .meta({ id: "RunnerSettings" });
export type RunnerSettings = z.infer<typeof runnerSettingsSchema>;
export type SettingName = keyof RunnerSettings;

/** What a change says: a value, or null for the default. */
export const runnerSettingsChangeSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(runnerSettingsSchema.shape).map(([name, schema]) => [name, schema.nullable()]),
  ) as { [Name in SettingName]: z.ZodNullable<(typeof runnerSettingsSchema.shape)[Name]> },
);
export type RunnerSettingsChange = z.infer<typeof runnerSettingsChangeSchema>;
