import { z } from "zod";
import { allSchema, pageOf, pageQuerySchema, timeSchema, visibilitySchema } from "./http-common.ts";
import { recordBytesMax } from "./limits.ts";
import { datasetFormatSchema } from "./manifest.ts";
import { lineSchema } from "./text.ts";

/** Query of POST /v1/datasets; the body is the data itself, streamed, optionally gzip or zstd by Content-Encoding. */
export const uploadQuerySchema = z.strictObject({
  name: lineSchema(200).optional(),
  visibility: visibilitySchema.optional(),
  format: datasetFormatSchema,
  /** What to do with a malformed record: refuse the upload (default) or leave the record out and count it. */
  onBadRecord: z.enum(["refuse", "skip"]).default("refuse"),
  /** matrix: CSV numbers (default) or raw little-endian f64 or f32, which need `columns`. */
  encoding: z.enum(["csv", "f64", "f32"]).optional(),
  columns: z.coerce.number().int().min(1).max(100_000).optional(),
  header: z.enum(["auto", "true", "false"]).optional(),
  /** bytes: size of one record; without it a shard is one record. */
  recordBytes: z.coerce.number().int().min(1).max(recordBytesMax).optional(),
});
export type UploadQuery = z.infer<typeof uploadQuerySchema>;

/** GET /v1/datasets/uploads/:key */
export const uploadStatusSchema = z
  .discriminatedUnion("complete", [
    z.object({
      complete: z.literal(false),
      /** Bytes that the server has, as they were sent. */
      offset: z.int(),
      /** Another connection brings bytes; it may be one that is dead and not known to be. */
      busy: z.boolean(),
    }),
    z.object({ complete: z.literal(true) }),
  ])
  .meta({ id: "UploadStatus" });
export type UploadStatus = z.infer<typeof uploadStatusSchema>;

/** PATCH /v1/datasets/:id */
export const datasetChangeSchema = z
  .strictObject({ visibility: visibilitySchema })
  .meta({ id: "DatasetChange" });
export type DatasetChange = z.infer<typeof datasetChangeSchema>;

/** GET /v1/datasets: one's own, of one visibility if asked; with visibility=public everyone's public ones. */
export const datasetListQuerySchema = pageQuerySchema.extend({
  visibility: visibilitySchema.optional(),
  /** A part of the name, whatever its case. */
  q: lineSchema(200).optional(),
  format: datasetFormatSchema.optional(),
  all: allSchema,
});

/** `digest` names the manifest, so equal data has an equal digest. `bytes` counts shards as stored. */
export const datasetSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    /** The owner's handle. */
    owner: z.string(),
    visibility: visibilitySchema,
    format: datasetFormatSchema,
    bytes: z.int(),
    records: z.int(),
    shards: z.int(),
    digest: z.string(),
    /** Malformed records that were left out. */
    skipped: z.int(),
    createdAt: timeSchema,
  })
  .meta({ id: "Dataset" });
export type Dataset = z.infer<typeof datasetSchema>;
export const datasetPageSchema = pageOf(datasetSchema).meta({ id: "DatasetPage" });

/**
 * GET /v1/datasets/:id. `preview` holds the first records by format: lines, text: strings (cut) · csv: objects by
 * column · ndjson: values · matrix: arrays of numbers · bytes: base64 strings (cut).
 */
export const datasetDetailSchema = datasetSchema
  .extend({
    columns: z.array(z.string()).optional(),
    dtype: z.enum(["f64", "f32"]).optional(),
    recordBytes: z.int().optional(),
    preview: z.array(z.json()),
  })
  .meta({ id: "DatasetDetail" });
export type DatasetDetail = z.infer<typeof datasetDetailSchema>;
