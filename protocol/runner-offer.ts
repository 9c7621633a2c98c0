import { z } from "zod";
import { timeSchema } from "./http-common.ts";
import { bidSchema } from "./http-payments.ts";
import { poolChoiceSchema, poolsPerAccountMax } from "./http-pools.ts";

/**
 * Why a runner does no work for now:
 *
 * - asked: its owner said so
 * - hours: it is not one of the hours that its owner lends it in
 * - battery: the machine is not on mains power
 * - in-use: somebody uses the machine
 * - busy: other programs need the processor
 * - network: the day's data volume is used up
 * - memory: what it works on needs more than the machine lends
 * - other: what a later version knows
 */
export const pauseReasons = [
  "asked",
  "hours",
  "battery",
  "in-use",
  "busy",
  "network",
  "memory",
  "other",
] as const;
export type PauseReason = (typeof pauseReasons)[number];

export const pausedSchema = z.object({
  reason: z.enum(pauseReasons).catch("other"),
  /** When it goes on by itself, as far as that is known. */
  until: timeSchema.optional(),
});
export type Paused = z.infer<typeof pausedSchema>;

/** What a runner lends, and for what: part of its hello, and told anew (`offer`) when its owner changes it. */
export const offerShape = {
  slots: z.int().min(1).max(1024),
  /** Works for jobs that pay this multiple of the rate, or more; 1 when absent. */
  ask: bidSchema.optional(),
  memoryMb: z.int().nonnegative(),
  /** Works for jobs of these pools alone: "everyone", "own", "owner/name". Absent: of all that it may. */
  pools: z
    .array(poolChoiceSchema)
    .max(2 * poolsPerAccountMax)
    .optional(),
  /** Gets no work; what it holds it finishes or hands back. */
  paused: pausedSchema.optional(),
};

const offerSchema = z.object(offerShape);
export type RunnerOffer = z.infer<typeof offerSchema>;
