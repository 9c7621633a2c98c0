import { z } from "zod";
import { controlSchema, kindSchema, outputFormatSchema } from "./job.ts";
import { datasetFormatSchema } from "./manifest.ts";

/**
 * The contract between the executor (host) and a bundle (guest) inside its isolate.
 *
 * Evaluating a bundle gives an object with the four functions of `Guest`. They are synchronous, take and return only
 * strings, numbers and ArrayBuffers, and never throw for the author's faults: those come back in the reply's header.
 * The host treats outputs as opaque bytes. Everything here is text or plain JSON, so that the same types serve the
 * runtime (functions/sdk/runtime), the executor (sandbox) and the local test helper.
 */
export interface Guest {
  /** JSON of a `Description`. */
  describe(): string;
  /**
   * Makes a blob resident under `key`: a shard (`meta` is a `ShardMeta` as JSON) or a constant (`ConstantMeta`).
   * `data` is a string for text formats and JSON, else an ArrayBuffer whose ownership passes to the guest.
   * Decoding is lazy, at first use. Loading a key twice changes nothing.
   */
  load(key: string, meta: string, data: string | ArrayBuffer): void;
  /** Forgets a resident blob. An unknown key changes nothing. */
  evict(key: string): void;
  /**
   * Runs one entry. `request` is a `GuestRequest` as JSON; `data` is what the entry consumes (see there).
   * The reply is a string `header + "\n" + body`, or an ArrayBuffer: u32 LE header length, header, zero padding to a
   * multiple of 8, body. The header is a `GuestReply` as JSON (ASCII).
   */
  run(request: string, data: string | ArrayBuffer | undefined): string | ArrayBuffer;
}

export interface ShardMeta {
  type: "shard";
  format: z.infer<typeof datasetFormatSchema>;
  columns?: string[];
  dtype?: "f64" | "f32";
  recordBytes?: number;
  records: number;
}

export type ConstantMeta =
  | { type: "json" }
  /** A dataset bound as a constant: its shards, already loaded under these keys, in order. */
  | { type: "dataset"; shards: string[] };

/** What every task of a job shares. Cheap to pass each time; the runtime keeps the decoded form by job id. */
export interface GuestJob {
  id: string;
  seed: number;
  params: Record<string, unknown>;
  /** Name of each constant and the key it was loaded under. */
  uses: Record<string, string>;
  reducers: number;
  /** Shards of the input (or tasks of a range). */
  shardCount: number;
}

/** One task's slice of the input. `key` names the resident shard; absent for a range. */
export interface GuestSlice {
  task: number;
  key?: string;
  shard: number;
  from: number;
  to: number;
  /** Index of the first record in the whole dataset. */
  record: number;
}

export interface PartialRef {
  level: number;
  index: number;
  bytes: number;
}

/**
 * - map (kinds map and mapReduce), probe: one slice.
 *     map → body: one JSON output a line, or, for bytes outputs, the bytes of all outputs in order
 *     mapReduce → body: exactly `reducers` lines; line p is a JSON array [key, [values…], …] of the keys
 *     whose hash falls into partition p, keys in first-emitted order, already combined when the function combines; a
 *     number that is the only value of its key stands for the list of it;
 *     an empty partition is the line `[]`
 *     probe → body empty; header.control.records
 * - map (kind iterate): slices of consecutive tasks [lo, hi); data: the state. → ArrayBuffer body: the packed partials
 *     of canonicalCover(lo, hi, leaves), concatenated in order; header.partials describes them
 * - reduce: data: the partition's lines of all map tasks in task order, joined by "\n".
 *     → body: {"key":…,"value":…} lines in code-unit order of keys; for a bytes output, the bytes of the values
 * - init: optionally one slice as the sample. → the step's reply shape below, with the first state
 * - merge: data: partials concatenated, listed in `partials`. → body: the packed node (level, index), header.partials
 * - step: data: the state, then all partials. `stateBytes` says where the partials begin.
 *     → ArrayBuffer body: the packed next state; header.control has done and metrics
 * - round: a step, and unless it is done the map of the next round over `slices`, in one call. data: as for step. →
 *     ArrayBuffer body: the packed next state, then the packed partials as of a map; header.state describes the state.
 *     With `quiet` the step logs nothing: several executors do the same step, one of them tells.
 * - finish: data: the state. → body: JSON text of the final value, or its bytes for a bytes output
 * - invoke: the whole function on one small inline input. data: the input as JSON text (see functions/sdk for the
 *     shape by input type), or none and a slice of a resident shard; with neither, the definition's own example.
 *     → body: JSON text of the whole result, or its bytes; with `trace`, header.trace
 * Entries of kind iterate carry `leaves`, the number of map tasks.
 */
export type GuestRequest = { job: GuestJob; fuelMax: number } & (
  | { entry: "probe"; slice: GuestSlice }
  | { entry: "map"; slice: GuestSlice }
  | { entry: "map"; slices: GuestSlice[]; leaves: number; round: number }
  | { entry: "reduce"; partition: number }
  | { entry: "init"; slice?: GuestSlice }
  | { entry: "merge"; level: number; index: number; leaves: number; partials: PartialRef[] }
  | { entry: "step"; round: number; leaves: number; stateBytes: number; partials: PartialRef[] }
  | {
      entry: "round";
      round: number;
      leaves: number;
      stateBytes: number;
      partials: PartialRef[];
      slices: GuestSlice[];
      quiet: boolean;
    }
  | { entry: "finish" }
  | { entry: "invoke"; roundsMax: number; slice?: GuestSlice; trace?: true }
);

/** What went wrong inside the guest. Positions are of the bundle; the platform maps them to the author's source. */
export const guestErrorSchema = z.object({
  code: z.enum([
    "function-threw",
    "out-of-fuel",
    "stack-exhausted",
    "bad-output",
    "output-too-large",
    "wrong-input",
    "malformed-record",
    "rounds-exhausted",
    // Of the host, not of the author: a shard that was never loaded, partials that do not add up.
    "runner-fault",
  ]),
  name: z.string(),
  message: z.string(),
  stack: z.string().optional(),
  /** The entry, task and dataset record at work. */
  entry: z.string().optional(),
  task: z.int().optional(),
  record: z.int().optional(),
  shard: z.int().optional(),
  hint: z.string().optional(),
});
export type GuestError = z.infer<typeof guestErrorSchema>;

/** How a traced invoke went. */
export const guestTraceSchema = z.object({
  /** Of the input. */
  records: z.int().nonnegative(),
  /** By entry; one that was not called is missing. */
  fuel: z.record(z.string(), z.number().nonnegative()),
  /** iterate: rounds done, and the metrics of the first of them (bounded). */
  rounds: z.int().nonnegative(),
  metrics: z.array(z.record(z.string(), z.number().nullable())),
});
export type GuestTrace = z.infer<typeof guestTraceSchema>;

export const guestReplySchema = z.object({
  /** Fuel of the whole call; deterministic. */
  fuel: z.number().nonnegative(),
  error: guestErrorSchema.optional(),
  control: controlSchema.optional(),
  partials: z
    .array(z.object({ level: z.int(), index: z.int(), bytes: z.int(), fuel: z.number() }))
    .optional(),
  /** round: the state is the first of the body's outputs; the partials follow. */
  state: z.object({ bytes: z.int(), fuel: z.number() }).optional(),
  /** console.log lines of the author, bounded. Not part of the hashed output. */
  logs: z.array(z.string()).optional(),
  /** The call never asked how many shards there are: with any other number of them it gives the same. */
  anyCount: z.literal(true).optional(),
  trace: guestTraceSchema.optional(),
  /** Set when the body's content type was chosen by the value (bytes outputs). */
  contentType: z.string().optional(),
});
export type GuestReply = z.infer<typeof guestReplySchema>;

/** JSON Schema (draft 2020-12) of one parameter, restricted to what a form can show. */
export const paramSchemaSchema = z.object({
  type: z.enum(["number", "integer", "string", "boolean", "array", "object"]),
  default: z.json().optional(),
  title: z.string().optional(),
  description: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minLength: z.int().optional(),
  maxLength: z.int().optional(),
  enum: z.array(z.json()).optional(),
  items: z.object({ type: z.enum(["number", "integer", "string", "boolean"]) }).optional(),
});
export type ParamSchema = z.infer<typeof paramSchemaSchema>;

export const inputDescriptionSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("dataset"),
    format: datasetFormatSchema,
    columns: z.array(z.string()).optional(),
    recordBytes: z.int().positive().optional(),
  }),
  z.object({ type: z.literal("range") }),
  z.object({ type: z.literal("items") }),
]);
export type InputDescription = z.infer<typeof inputDescriptionSchema>;

export const exampleCallSchema = z.object({
  input: z.json(),
  params: z.json().optional(),
  uses: z.json().optional(),
});

/** What inspection learns of a version, and what is shown of it. */
export const descriptionSchema = z.object({
  kind: kindSchema,
  title: z.string().max(200),
  description: z.string().max(4000).optional(),
  input: inputDescriptionSchema,
  params: z.record(z.string(), paramSchemaSchema),
  uses: z.record(z.string(), z.object({ description: z.string().optional() })),
  /** mapReduce: whether partial values are folded inside each task. */
  combine: z.boolean(),
  /** iterate: entries that are present beyond the required ones. */
  finish: z.boolean(),
  output: outputFormatSchema,
  recordsPerTask: z.int().positive().optional(),
  roundsMax: z.int().positive().optional(),
  /** mapReduce: hash partitions that the author asks for; planned from the input's size when absent. */
  reducers: z.int().positive().optional(),
  /** Whether the author gave an example (used by the purity check and shown in the market). */
  example: z.boolean(),
  /** The example as a caller would send it, when it is at most 16 KB. */
  exampleCall: exampleCallSchema.optional(),
});
export type Description = z.infer<typeof descriptionSchema>;
