import { z } from "zod";
import { exampleCallSchema, inputDescriptionSchema } from "./guest.ts";
import {
  functionRefSchema,
  paramsJsonSchema,
  sourceFieldsSchema,
  usesSchema,
} from "./http-functions.ts";
import { useBindingSchema } from "./http-jobs.ts";
import { kindSchema, outputFormatSchema } from "./job.ts";
import { triedFuelMax, triedRecordsMax } from "./limits.ts";

/** The first records of a dataset, instead of an inline input. */
const datasetSampleSchema = z.strictObject({
  dataset: z.string().min(1).max(200),
  /** Absent: 200, and in any case no more than fit 1 MB. */
  records: z.int().positive().max(triedRecordsMax).optional(),
});

/**
 * POST /v1/functions/try: source and files as publish takes them. `name` names the source's file in errors. `input` is
 * inline, as for an invoke, or the first records of a dataset. Without it, the definition's own example is run, else an
 * input that is made up from its type.
 */
export const tryRequestSchema = z
  .strictObject({
    ...sourceFieldsSchema.shape,
    name: functionRefSchema.optional(),
    input: z.union([datasetSampleSchema, z.json()]).optional(),
    params: z.record(z.string(), z.json()).optional(),
    uses: z.record(z.string(), useBindingSchema).optional(),
    seed: z.int().nonnegative().optional(),
    /** For all of the run. Absent: as much as there may be. */
    fuelMax: z.int().positive().max(triedFuelMax).optional(),
  })
  .meta({ id: "TryRequest" });
export type TryRequest = z.input<typeof tryRequestSchema>;

/**
 * The result, as a job's or a call's: a list of outputs (map), of { key, value } (mapReduce), or a value (iterate).
 * - json: the value. Of a list that is too long its first items, as `cut` says
 * - text: the beginning of the JSON of a value that is too large and no list
 * - bytes: base64; of a very large one the beginning
 * `bytes` is the size of the whole.
 */
export const triedOutputSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("json"),
    value: z.json(),
    bytes: z.int(),
    cut: z.object({ unit: z.literal("items"), shown: z.int(), of: z.int() }).optional(),
  }),
  z.object({
    type: z.literal("text"),
    text: z.string(),
    bytes: z.int(),
    cut: z.object({ unit: z.literal("characters"), shown: z.int(), of: z.int() }),
  }),
  z.object({
    type: z.literal("bytes"),
    base64: z.string(),
    contentType: z.string(),
    bytes: z.int(),
    cut: z.object({ unit: z.literal("bytes"), shown: z.int(), of: z.int() }).optional(),
  }),
]);
export type TriedOutput = z.infer<typeof triedOutputSchema>;

const creditsRangeSchema = z.object({ low: z.number(), expected: z.number(), high: z.number() });

/** What a run costs others on the machines of others, without a royalty. Credits. */
export const triedPriceSchema = z.object({
  /** Credits for 10^9 fuel, and the platform's share on top. */
  rate: z.number(),
  feePercent: z.number(),
  /** This very run. */
  run: z.number(),
  /** As many records at this run's fuel each. */
  perMillionRecords: z.number(),
  /** All of the dataset that was named. */
  dataset: z.object({ records: z.int(), cost: creditsRangeSchema }).optional(),
});
export type TriedPrice = z.infer<typeof triedPriceSchema>;

/** What was tried is not stored: not the source, nor the version, nor the result. */
export const triedSchema = z
  .object({
    /** The version that publishing this would make. */
    version: z.string(),
    bundleBytes: z.int(),
    description: z.object({
      kind: kindSchema,
      title: z.string(),
      description: z.string().optional(),
      input: inputDescriptionSchema,
      params: paramsJsonSchema,
      uses: usesSchema,
      output: outputFormatSchema,
      combine: z.boolean(),
      roundsMax: z.int().optional(),
      example: z.boolean(),
      exampleCall: exampleCallSchema.optional(),
    }),
    input: z.object({
      from: z.enum(["given", "dataset", "example", "synthesized"]),
      /** An example, or what was made up, when it is small. */
      value: z.json().optional(),
    }),
    sampleRecords: z.int(),
    output: triedOutputSchema,
    /** Lines that the function wrote with console.log; a last one says how many were left out. */
    logs: z.array(z.string()),
    /** iterate: the metrics of each round; of very many, of the first. */
    rounds: z.array(z.record(z.string(), z.number().nullable())).optional(),
    /** iterate: rounds that were done. */
    roundCount: z.int().optional(),
    fuel: z.number(),
    fuelByEntry: z.record(z.string(), z.number()),
    /** Compute time in the sandbox. */
    durationMs: z.number(),
    price: triedPriceSchema,
  })
  .meta({ id: "Tried" });
export type Tried = z.infer<typeof triedSchema>;
