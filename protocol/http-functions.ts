import { z } from "zod";
import { handleCharsMax, reservedNames } from "./accounts.ts";
import { exampleCallSchema, inputDescriptionSchema, paramSchemaSchema } from "./guest.ts";
import { allSchema, pageOf, pageQuerySchema, timeSchema, visibilitySchema } from "./http-common.ts";
import { kindSchema, outputFormatSchema } from "./job.ts";
import { royaltyPercentMax } from "./limits.ts";
import { lineSchema, proseSchema } from "./text.ts";

const word = "[a-z][a-z0-9]*(?:-[a-z0-9]+)*";
const functionNameCharsMax = 64;

/** Lower-case words joined by hyphens: it is part of URLs and commands. */
export const functionNameSchema = z
  .string()
  .max(functionNameCharsMax)
  .regex(new RegExp(`^${word}$`), "lower-case letters, digits and single hyphens")
  .refine((name) => !reservedNames.has(name), "this word is taken");

/** "owner/name", or a name alone: one's own function, or else the operator's. */
export const functionRefSchema = z
  .string()
  .max(handleCharsMax + 1 + functionNameCharsMax)
  .regex(
    new RegExp(`^(?:${word}/)?${word}$`),
    "a name, or owner/name: lower-case letters, digits and single hyphens",
  );

/** The two parts of a reference. Pure. */
export function splitFunctionRef(reference: string): { handle?: string; name: string } {
  const at = reference.indexOf("/");
  return at < 0
    ? { name: reference }
    : { handle: reference.slice(0, at), name: reference.slice(at + 1) };
}

const tagsMax = 8;
const tagSchema = z
  .string()
  .max(30)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "lower-case letters, digits and hyphens");
const tagsSchema = z.array(tagSchema).max(tagsMax);

/** The author's share of what a run costs, on top of it; kept as hundredths of a percent. */
export const royaltyPercentSchema = z
  .number()
  .min(0)
  .max(royaltyPercentMax)
  .refine((percent) => isHundredths(percent), "at most two decimals");

export function basisPointsOf(royaltyPercent: number): number {
  return Math.round(royaltyPercent * 100);
}

function isHundredths(percent: number): boolean {
  return Number(percent.toFixed(2)) === percent;
}

const readmeSchema = proseSchema(100_000);

export const sourceFieldsSchema = z.strictObject({
  /** TypeScript whose default export is a function of the SDK. */
  source: z.string().min(1),
  /** Further files of the author by relative path ("lib/distance.ts"). */
  files: z.record(z.string().min(1).max(200), z.string()).optional(),
});

export const publishRequestSchema = z
  .strictObject({
    /** "name" or "owner/name", the owner being whoever asks. */
    name: functionRefSchema,
    ...sourceFieldsSchema.shape,
    /** Markdown. Absent: as of the version before. */
    readme: readmeSchema.optional(),
    visibility: visibilitySchema.optional(),
    tags: tagsSchema.optional(),
    /** Of this version and those after it. */
    royaltyPercent: royaltyPercentSchema.optional(),
  })
  .meta({ id: "PublishRequest" });
export type PublishBody = z.input<typeof publishRequestSchema>;

/** PATCH /v1/functions/:owner/:name. What is absent stays. */
export const functionChangeSchema = z
  .strictObject({
    visibility: visibilitySchema,
    tags: tagsSchema,
    /** Of versions to come; a version keeps what it was published with. */
    royaltyPercent: royaltyPercentSchema,
    /** Of the latest version; null takes it away. */
    readme: readmeSchema.nullable(),
    /** Says of a version why not to use it any more; null takes that back. */
    deprecated: z.strictObject({
      version: z.string().min(1).max(64),
      message: lineSchema(500).nullable(),
    }),
  })
  .partial()
  .meta({ id: "FunctionChange" });
export type FunctionChange = z.input<typeof functionChangeSchema>;

/** POST /v1/functions/:owner/:name/fork */
export const forkRequestSchema = z
  .strictObject({
    /** Absent: the same name, under one's own handle. */
    name: functionNameSchema.optional(),
    /** Absent: the latest. */
    version: z.string().min(1).max(64).optional(),
    royaltyPercent: royaltyPercentSchema.optional(),
  })
  .meta({ id: "ForkRequest" });
export type ForkRequest = z.input<typeof forkRequestSchema>;

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
    /** "owner/name". */
    name: z.string(),
    /** The owner's handle. */
    owner: z.string(),
    version: z.string(),
    visibility: visibilitySchema,
    royaltyPercent: z.number(),
    /** Why this version should not be used any more. */
    deprecated: z.string().optional(),
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

/** How a function fares, by its jobs. What machines broke or people cancelled is not counted. */
export const functionUsageSchema = z.object({
  runs: z.int(),
  /** Different accounts that ran it. */
  users: z.int(),
  /** Of the runs, 0 to 1; absent before the first. */
  successRate: z.number().optional(),
  /** Credits that the middle one of the latest jobs cost for a million records. */
  costPerMillionRecords: z.number().optional(),
});
export type FunctionUsage = z.infer<typeof functionUsageSchema>;

/** relevance is by where the words of `q` stand, or by name without any. */
export const functionSortSchema = z.enum(["relevance", "runs", "new", "price", "name"]);
export type FunctionSort = z.infer<typeof functionSortSchema>;

/** GET /v1/functions: everyone's public functions and one's own. */
export const functionListQuerySchema = pageQuerySchema.extend({
  /** Words that name, title, tags, description or readme must have; the beginnings of words are enough. */
  q: z.string().max(200).optional(),
  tag: tagSchema.optional(),
  kind: kindSchema.optional(),
  /** A handle, or "me". */
  owner: z.string().max(handleCharsMax).optional(),
  sort: functionSortSchema.optional(),
  all: allSchema,
});
export type FunctionListQuery = z.infer<typeof functionListQuerySchema>;

/** One row of GET /v1/functions: the newest version of each function. */
export const functionSummarySchema = z
  .object({
    name: z.string(),
    owner: z.string(),
    version: z.string(),
    visibility: visibilitySchema,
    royaltyPercent: z.number(),
    deprecated: z.string().optional(),
    kind: kindSchema,
    title: z.string(),
    description: z.string().optional(),
    input: inputDescriptionSchema,
    output: outputFormatSchema,
    tags: z.array(z.string()),
    usage: functionUsageSchema,
    versions: z.int(),
    publishedAt: timeSchema,
  })
  .meta({ id: "FunctionSummary" });
export type FunctionSummary = z.infer<typeof functionSummarySchema>;
export const functionPageSchema = pageOf(functionSummarySchema).meta({ id: "FunctionPage" });

/** GET /v1/functions/:name (its newest version) and GET /v1/functions/:name/versions/:v. */
export const functionDetailSchema = publishedSchema
  .extend({
    combine: z.boolean(),
    /** The author's example as a caller would send it, when it is at most 16 KB. */
    exampleCall: exampleCallSchema.optional(),
    tags: z.array(z.string()),
    readme: z.string().optional(),
    /** The readme as HTML that is safe to show: no scripts, no HTML of the author's. */
    readmeHtml: z.string().optional(),
    usage: functionUsageSchema,
    forkedFrom: z.object({ name: z.string(), version: z.string() }).optional(),
    /** The author's source and further files, as published. */
    source: z.string(),
    files: z.record(z.string(), z.string()),
    bundleBytes: z.int(),
    /** All versions, newest first (at most 100). */
    versions: z.array(
      z.object({
        version: z.string(),
        publishedAt: timeSchema,
        royaltyPercent: z.number(),
        deprecated: z.string().optional(),
      }),
    ),
  })
  .meta({ id: "FunctionDetail" });
export type FunctionDetail = z.infer<typeof functionDetailSchema>;
