import { z } from "zod";
import { datasetFormats } from "./dataset-format.ts";
import { digestPattern } from "./digest.ts";

export type { DatasetFormat } from "./dataset-format.ts";
export const datasetFormatSchema = z.enum(datasetFormats);

export const shardSchema = z.object({
  digest: z.string().regex(digestPattern),
  bytes: z.int().nonnegative(),
  records: z.int().positive(),
});
export type Shard = z.infer<typeof shardSchema>;

/**
 * A dataset as data: what runners need to read its shards. Itself a blob (its JSON), so a job names it by digest.
 *
 * How a shard's bytes look, by format (all shards hold whole records):
 * - lines, ndjson: UTF-8, records separated by "\n", no trailing newline, "\r\n" normalized to "\n"
 * - csv: UTF-8 RFC 4180 rows without the header row, separated by "\n", no trailing newline; `columns` holds the header
 * - text: UTF-8 cut at a line end (or white space, when lines are long); the shard is one record
 * - matrix: row-major little-endian numbers, f64 or f32 by `dtype`; `columns` names them, a record is a row
 * - bytes: records of `recordBytes` bytes, or the whole shard as one record when it is absent
 */
export const manifestSchema = z.object({
  format: datasetFormatSchema,
  columns: z.array(z.string()).optional(),
  dtype: z.enum(["f64", "f32"]).optional(),
  recordBytes: z.int().positive().optional(),
  shards: z.array(shardSchema),
});
export type Manifest = z.infer<typeof manifestSchema>;
