import type { DatasetFormat } from "../../../protocol/manifest.ts";

/** How a file is taken to be meant, from its name and its first bytes; the person may say otherwise. */
export interface Detected {
  format: DatasetFormat;
  /** What the file itself is compressed with: it is sent as it is. */
  contentEncoding?: "gzip" | "zstd";
}

const byExtension: Record<string, DatasetFormat> = {
  csv: "csv",
  ndjson: "ndjson",
  jsonl: "ndjson",
  txt: "lines",
  log: "lines",
  md: "text",
  bin: "bytes",
  dat: "bytes",
  f64: "matrix",
  f32: "matrix",
};
const lookedAtBytes = 64 * 1024;

/** What the first bytes say of compression. Pure. */
export function compressionOf(first: Uint8Array): Detected["contentEncoding"] {
  if (first[0] === 0x1f && first[1] === 0x8b) return "gzip";
  const isZstd = first[0] === 0x28 && first[1] === 0xb5 && first[2] === 0x2f && first[3] === 0xfd;
  return isZstd ? "zstd" : undefined;
}

/** The name without what only says how it is compressed. Pure. */
export function plainNameOf(name: string): string {
  return name.replace(/\.(?:gz|zst)$/i, "");
}

/** @param first the beginning of the data, not compressed; empty when it cannot be looked at. Pure. */
export function formatOf(name: string, first: Uint8Array): DatasetFormat {
  const extension = /\.([a-z0-9]+)$/i.exec(plainNameOf(name))?.[1]?.toLowerCase() ?? "";
  const named = byExtension[extension];
  if (first.length === 0) return named ?? "lines";
  if (named === "matrix" || named === "bytes") return named;
  if (isBinary(first)) return "bytes";
  const text = textOf(first);
  if (named === "csv") return isNumeric(text) ? "matrix" : "csv";
  return named ?? sniffed(text);
}

/** As text, without a byte order mark; a character that is cut at the end becomes a replacement. Pure. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function isBinary(first: Uint8Array): boolean {
  const looked = first.subarray(0, lookedAtBytes);
  if (looked.includes(0)) return true;
  try {
    // Streaming, so that a character that is cut at the end is no fault.
    new TextDecoder("utf-8", { fatal: true }).decode(looked, { stream: true });
    return false;
  } catch {
    return true;
  }
}

function firstLines(text: string): string[] {
  const lines = text.slice(0, lookedAtBytes).split(/\r?\n/);
  // The last one may be cut.
  const whole = lines.length > 1 ? lines.slice(0, -1) : lines;
  return whole.filter((line) => line.trim() !== "").slice(0, 20);
}

function sniffed(text: string): DatasetFormat {
  const lines = firstLines(text);
  if (lines.length > 0 && lines.every(isJsonValue)) return isNumeric(text) ? "matrix" : "ndjson";
  const commas = lines.map((line) => line.split(",").length);
  if (lines.length > 1 && commas[0]! > 1 && commas.every((count) => count === commas[0]))
    return isNumeric(text) ? "matrix" : "csv";
  return "lines";
}

function isJsonValue(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** Whether every row but a header holds numbers alone. */
function isNumeric(text: string): boolean {
  const rows = firstLines(text).map((line) => line.split(","));
  const numeric = (row: string[]) =>
    row.every((field) => field.trim() !== "" && Number.isFinite(Number(field)));
  return rows.length > 1 && rows.slice(1).every(numeric);
}
