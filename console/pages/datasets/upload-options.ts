import type { Visibility } from "../../../protocol/http-common.ts";
import type { DatasetFormat } from "../../../protocol/manifest.ts";
import type { Query } from "../../lib/api/request.ts";

/** What is said of a file before it is sent. */
export interface UploadOptions {
  name: string;
  format: DatasetFormat;
  visibility: Visibility;
  skipsBad: boolean;
  header: "auto" | "true" | "false";
  encoding: "csv" | "f64" | "f32";
  /** As typed. */
  columns: string;
  recordBytes: string;
}

export const formats: readonly { value: DatasetFormat; label: string }[] = [
  { value: "lines", label: "Lines: a record a line" },
  { value: "text", label: "Text: large pieces of it" },
  { value: "csv", label: "CSV: rows by column" },
  { value: "ndjson", label: "NDJSON: a JSON value a line" },
  { value: "matrix", label: "Matrix: rows of numbers" },
  { value: "bytes", label: "Bytes: anything" },
];

/** What is missing, for people; undefined when nothing is. Pure. */
export function faultOf({ format, encoding, columns, recordBytes }: UploadOptions) {
  const isWhole = (text: string) => /^[1-9]\d*$/.test(text.trim());
  if (format === "matrix" && encoding !== "csv" && !isWhole(columns))
    return "Raw numbers need to know how many are in a row.";
  if (format === "bytes" && recordBytes.trim() !== "" && !isWhole(recordBytes))
    return "The size of a record is a whole number of bytes.";
  return undefined;
}

/** The query of POST /v1/datasets: only what the format knows. Pure. */
export function uploadQueryOf(options: UploadOptions): Query {
  const { name, format, visibility, skipsBad, header, encoding, columns, recordBytes } = options;
  return {
    name: name.trim(),
    format,
    visibility,
    onBadRecord: skipsBad ? "skip" : "refuse",
    ...(format === "matrix" && encoding === "csv" ? { header } : {}),
    ...(format === "matrix" && encoding !== "csv" ? { encoding, columns: columns.trim() } : {}),
    ...(format === "bytes" ? { recordBytes: recordBytes.trim() } : {}),
  };
}
