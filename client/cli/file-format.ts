import { basename } from "node:path";
import type { DatasetFormat } from "../../protocol/manifest.ts";

export interface FileGuess {
  name: string;
  format: DatasetFormat | undefined;
  encoding: "f64" | "f32" | undefined;
  contentEncoding: "gzip" | "zstd" | undefined;
}

const formats: Record<string, DatasetFormat> = {
  txt: "lines",
  log: "lines",
  text: "text",
  md: "text",
  csv: "csv",
  ndjson: "ndjson",
  jsonl: "ndjson",
  f64: "matrix",
  f32: "matrix",
  bin: "bytes",
};
const encodings: Record<string, "gzip" | "zstd"> = { gz: "gzip", zst: "zstd" };

/** What a file's name says of its content: "data/points.f64.zst" is a matrix of f64 in zstd, named "points". Pure. */
export function guessFile(path: string): FileGuess {
  const parts = basename(path).split(".");
  const contentEncoding = parts.length > 1 ? encodings[parts.at(-1)!.toLowerCase()] : undefined;
  if (contentEncoding !== undefined) parts.pop();
  const extension = parts.length > 1 ? parts.at(-1)!.toLowerCase() : "";
  const format = formats[extension];
  if (format !== undefined) parts.pop();
  return {
    name: parts.join("."),
    format,
    encoding: extension === "f64" || extension === "f32" ? extension : undefined,
    contentEncoding,
  };
}
