import type { Manifest } from "../../../protocol/manifest.ts";
import { type CsvRow, scanCsvRow } from "../../datasets/csv-scan.ts";

const newline = 10;

/** The bytes of a shard's first records, as a shard of their own; at most all of it. */
export function firstRecords(
  manifest: Manifest,
  shard: Buffer,
  shardRecords: number,
  wanted: number,
): { bytes: Buffer; records: number } {
  const records = Math.min(wanted, shardRecords);
  if (records === shardRecords) return { bytes: shard, records };
  return { bytes: shard.subarray(0, endOf(manifest, shard, shardRecords, records)), records };
}

/** Where record number `records` begins, without the separator before it. */
function endOf({ format }: Manifest, shard: Buffer, shardRecords: number, records: number): number {
  switch (format) {
    case "lines":
    case "ndjson":
      return lineEnd(shard, records);
    case "csv":
      return rowEnd(shard, records);
    // Records of one size.
    case "matrix":
    case "bytes":
      return (shard.byteLength / shardRecords) * records;
    // A shard is one record.
    case "text":
      return shard.byteLength;
  }
}

function lineEnd(shard: Buffer, lines: number): number {
  let at = -1;
  for (let line = 0; line < lines; line++) at = shard.indexOf(newline, at + 1);
  return at;
}

function rowEnd(shard: Buffer, rows: number): number {
  const row: CsvRow = { textEnd: 0, next: 0, fields: 0, problem: undefined };
  for (let i = 0, at = 0; i < rows; i++, at = row.next) scanCsvRow(shard, at, true, row);
  return row.textEnd;
}
