import { z } from "zod";
import { inputDescriptionSchema, paramSchemaSchema } from "./guest.ts";
import { pageOf, timeSchema } from "./http-common.ts";
import { kindSchema, outputFormatSchema } from "./job.ts";

/** Lower-case words joined by hyphens: it is part of URLs and commands. */
export const functionNameSchema = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, "lower-case letters, digits and single hyphens");

export const publishRequestSchema = z
  .strictObject({
    name: functionNameSchema,
    /** TypeScript whose default export is a function of the SDK. */
    source: z.string().min(1),
    /** Further files of the author by relative path ("lib/distance.ts"). */
    files: z.record(z.string().min(1).max(200), z.string()).optional(),
    readme: z.string().max(100_000).optional(),
    visibility: z.enum(["public", "private"]).optional(),
  })
  .meta({ id: "PublishRequest" });
export type PublishBody = z.infer<typeof publishRequestSchema>;

/** JSON Schema (draft 2020-12) of a function's parameters. */
export const paramsJsonSchema = z.object({
  type: z.literal("object"),
  properties: z.record(z.string(), paramSchemaSchema),
  additionalProperties: z.literal(false),
});
export type ParamsJsonSchema = z.infer<typeof paramsJsonSchema>;

export const usesSchema = z.record(z.string(), z.object({ description: z.string().optional() }));

/** POST /v1/functions: 201, or 200 when this very version exists. `version` is the digest of the bundle. */
export const publishedSchema = z
  .object({
    name: z.string(),
    version: z.string(),
    kind: kindSchema,
    title: z.string(),
    description: z.string().optional(),
    input: inputDescriptionSchema,
    params: paramsJsonSchema,
    uses: usesSchema,
    output: outputFormatSchema,
    example: z.boolean(),
    publishedAt: timeSchema,
  })
  .meta({ id: "Published" });
export type Published = z.infer<typeof publishedSchema>;

/** One row of GET /v1/functions: the newest version of each function. */
export const functionSummarySchema = z
  .object({
    name: z.string(),
    version: z.string(),
    kind: kindSchema,
    title: z.string(),
    description: z.string().optional(),
    input: inputDescriptionSchema,
    output: outputFormatSchema,
    visibility: z.enum(["public", "private"]),
    versions: z.int(),
    publishedAt: timeSchema,
  })
  .meta({ id: "FunctionSummary" });
export type FunctionSummary = z.infer<typeof functionSummarySchema>;
export const functionPageSchema = pageOf(functionSummarySchema).meta({ id: "FunctionPage" });

/** GET /v1/functions/:name (its newest version) and GET /v1/functions/:name/versions/:v. */
export const functionDetailSchema = publishedSchema
  .extend({
    visibility: z.enum(["public", "private"]),
    combine: z.boolean(),
    readme: z.string().optional(),
    /** The author's source and further files, as published. */
    source: z.string(),
    files: z.record(z.string(), z.string()),
    bundleBytes: z.int(),
    /** All versions, newest first (at most 100). */
    versions: z.array(z.object({ version: z.string(), publishedAt: timeSchema })),
  })
  .meta({ id: "FunctionDetail" });
export type FunctionDetail = z.infer<typeof functionDetailSchema>;
