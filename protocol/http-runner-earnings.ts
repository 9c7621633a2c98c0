import { z } from "zod";
import { creditsSchema } from "./money.ts";

/** GET /v1/runners/:id/earnings: the days are those of whoever asks, by how far his clock is ahead of UTC. */
export const runnerEarningsQuerySchema = z.strictObject({
  days: z.coerce.number().int().min(1).max(60).default(30),
  offsetMinutes: z.coerce
    .number()
    .int()
    .min(-14 * 60)
    .max(14 * 60)
    .multipleOf(15)
    .default(0),
});

export const runnerEarningsSchema = z
  .object({
    runner: z.string(),
    /** All that was ever earned. */
    total: creditsSchema,
    /** Since the last midnight. */
    today: creditsSchema,
    /** Oldest first, today last; every day is there. */
    days: z.array(z.object({ date: z.iso.date(), credits: creditsSchema })),
  })
  .meta({ id: "RunnerEarnings" });
export type RunnerEarnings = z.infer<typeof runnerEarningsSchema>;
