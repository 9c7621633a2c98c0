import type { DatasetDetail } from "../../../protocol/http-datasets.ts";
import type { Json } from "../../../protocol/job.ts";
import type { PreviewRow } from "./preview.ts";

/** A dataset's first records as rows of a table. Pure. */
export function storedRowsOf({
  format,
  preview,
  columns = [],
}: Pick<DatasetDetail, "format" | "preview" | "columns">): PreviewRow[] {
  return preview.map((record, index) => ({
    label: String(index + 1),
    cells: cellsOf(format, record as Json, columns),
  }));
}

function cellsOf(format: DatasetDetail["format"], record: Json, columns: string[]): string[] {
  if (format === "matrix" && Array.isArray(record)) return record.map((one) => String(one));
  if (format === "csv" && typeof record === "object" && record !== null && !Array.isArray(record))
    return columns.map((name) => String(record[name] ?? ""));
  return [typeof record === "string" && format !== "ndjson" ? record : JSON.stringify(record)];
}
