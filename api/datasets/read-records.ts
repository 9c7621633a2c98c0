import { GridError } from "../../protocol/errors.ts";
import type { Json } from "../../protocol/job.ts";
import type { Manifest } from "../../protocol/manifest.ts";
import type { BlobStore } from "../store/port.ts";
import { readCsvRows } from "./csv-scan.ts";

/** A preview is for eyes: more records than this belong in a download. */
const recordsMax = 1000;
/** Shard bytes that one preview may read. */
const bytesMax = 16 * 1024 * 1024;

/**
 * Records [offset, offset + limit) of a dataset for a preview: lines and text as strings, ndjson as JSON values, csv
 * as arrays of strings (without the header, which is `manifest.columns`), matrix as arrays of numbers, bytes as base64.
 * At most 1,000 records, and fewer once 16 MB of shards were read. Only the shards in question are read.
 * @throws GridError blob-missing
 */
export async function readRecords(
  manifest: Manifest,
  blobs: Pick<BlobStore, "get">,
  { offset, limit }: { offset: number; limit: number },
): Promise<Json[]> {
  const from = Math.max(0, offset);
  const to = from + Math.min(limit, recordsMax);
  const records: Json[] = [];
  let first = 0;
  let bytes = 0;
  for (const shard of manifest.shards) {
    const next = first + shard.records;
    if (first >= to || bytes > bytesMax) break;
    if (next > from) {
      const blob = await blobs.get(shard.digest);
      if (blob === undefined)
        throw new GridError("blob-missing", `Shard ${shard.digest} is missing`);
      bytes += blob.length;
      for (const record of decodeRecords(manifest, blob, shard.records).slice(
        Math.max(0, from - first),
        to - first,
      ))
        records.push(record);
    }
    first = next;
  }
  return records;
}

/** All records of one shard. */
export function decodeRecords(manifest: Manifest, blob: Buffer, records: number): Json[] {
  switch (manifest.format) {
    case "lines":
      return blob.toString().split("\n");
    case "text":
      return [blob.toString()];
    case "ndjson":
      return blob
        .toString()
        .split("\n")
        .map((line) => JSON.parse(line) as Json);
    case "csv":
      return readCsvRows(blob.toString());
    case "matrix":
      return matrixRows(blob, manifest.dtype ?? "f64", records);
    case "bytes": {
      const size = manifest.recordBytes ?? blob.length;
      return Array.from({ length: records }, (_, i) =>
        blob.toString("base64", i * size, (i + 1) * size),
      );
    }
  }
}

/** Numbers that JSON cannot carry (NaN, infinities of raw uploads) become null. */
function matrixRows(blob: Buffer, dtype: "f64" | "f32", records: number): Json[] {
  const valueBytes = dtype === "f64" ? 8 : 4;
  const width = blob.length / valueBytes / records;
  return Array.from({ length: records }, (_, row) =>
    Array.from({ length: width }, (_, column) => {
      const at = (row * width + column) * valueBytes;
      const value = dtype === "f64" ? blob.readDoubleLE(at) : blob.readFloatLE(at);
      return Number.isFinite(value) ? value : null;
    }),
  );
}
