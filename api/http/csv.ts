import type { Json } from "../../protocol/job.ts";

/** The columns that fit a result's first record: its fields, "value" for a scalar; undefined when it is not flat. */
export function csvTable(record: Json | undefined): string[] | undefined {
  if (record === undefined) return [];
  if (Array.isArray(record))
    return record.every(isScalar) ? record.map((_, i) => `column${i + 1}`) : undefined;
  if (isScalar(record)) return ["value"];
  const values = Object.values(record as Record<string, Json>);
  const isKeyed = "key" in (record as object) && values.length === 2;
  // A key with a nested value is still a table; the value's cell then holds JSON.
  return isKeyed || values.every(isScalar) ? Object.keys(record as object) : undefined;
}

/** RFC 4180, with "\n" at the end. Nested values are cells of JSON. */
export function csvRow(fields: readonly Json[]): string {
  return `${fields.map(csvField).join(",")}\n`;
}

function csvField(value: Json): string {
  if (value === null) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function isScalar(value: Json): boolean {
  return typeof value !== "object" || value === null;
}
