import { z } from "zod";
import { digestPattern } from "./digest.ts";
import { errorBodySchema } from "./error-schemas.ts";
import { controlSchema } from "./job.ts";
import { offerShape } from "./runner-offer.ts";
import { withoutHidden } from "./text.ts";

/** Fuel is counted in whole units. */
const count = z.int().nonnegative();
const hash = z.string().regex(digestPattern);

const outputSchema = z.object({
  level: count,
  index: count,
  bytes: count,
  hash,
  fuel: count,
  inline: z.boolean(),
  /** Its task never asked how many shards there are: its outputs are the same for any number of them. */
  anyCount: z.literal(true).optional(),
});
const logsSchema = z.array(z.object({ task: count, line: z.string() }));

/** What a runner may say. The gateway parses every message with this: runners are strangers. */
export const runnerToGatewaySchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("hello"),
    protocol: z.int(),
    /** Stable identity of the installation. */
    runner: z.string().min(1).max(100),
    name: z.string().max(100).transform(withoutHidden),
    version: z.string().max(40).transform(withoutHidden),
    /** Host class: V8 version and architecture, for instance "v8-14.6.202.33-x64". */
    hostClass: z.string().max(100),
    ...offerShape,
    platform: z.string().max(100).transform(withoutHidden),
  }),
  /** What it lends changed. Only to gateways that said in `welcome` that they understand it. */
  z.object({ type: z.literal("offer"), ...offerShape }),
  /**
   * Outputs of tasks [lo, hi), the next of the lease in order. `outputs` lists them; those with inline true are the
   * payloads in turn, the others were put as blobs before this message was sent. `ms` is compute time in the executor.
   */
  z.object({
    type: z.literal("result"),
    lease: z.string(),
    lo: count,
    hi: count,
    outputs: z.array(outputSchema),
    control: controlSchema.optional(),
    logs: logsSchema.optional(),
    ms: z.number().nonnegative(),
  }),
  /**
   * A round of a lease that follows its job is done, its map and its step: `output` is the new state, payload 0 when
   * inline. `fuel` and `ms` (compute time) are of the map's tasks, `elapsedMs` is what the round took.
   */
  z.object({
    type: z.literal("round"),
    lease: z.string(),
    round: count,
    /** How many changes of its job's parameters it used, none when absent. */
    changes: count.optional(),
    output: outputSchema,
    fuel: count,
    control: controlSchema.optional(),
    logs: logsSchema.optional(),
    ms: z.number().nonnegative(),
    elapsedMs: z.number().nonnegative(),
  }),
  /** The lease ends here. Tasks before `at` were answered; `error` is about task `at`. */
  z.object({ type: z.literal("failed"), lease: z.string(), at: count, error: errorBodySchema }),
  /** Handed back unworked: drain, or a local limit. */
  z.object({ type: z.literal("released"), leases: z.array(z.string()) }),
  z.object({ type: z.literal("renew"), leases: z.array(z.string()) }),
  z.object({
    type: z.literal("called"),
    call: z.string(),
    fuel: count,
    hash,
    ms: z.number(),
    logs: z.array(z.string()).optional(),
  }),
  z.object({
    type: z.literal("callFailed"),
    call: z.string(),
    fuel: count,
    error: errorBodySchema,
  }),
  z.object({ type: z.literal("load"), cpu: z.number(), rssMb: z.number(), busy: count }),
  z.object({ type: z.literal("draining") }),
]);
export type RunnerToGateway = z.infer<typeof runnerToGatewaySchema>;
