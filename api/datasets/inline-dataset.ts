import { z } from "zod";
import { GridError } from "../../protocol/errors.ts";
import type { DatasetFormat } from "../../protocol/manifest.ts";
import type { IngestOptions } from "../ports.ts";

/** What `ingest` needs for a job's inline input. */
export interface InlineDataset {
  body: AsyncIterable<Uint8Array>;
  options: IngestOptions;
}

const line = z.string().refine((text) => !text.includes("\n"), "a line may not hold a line break");
const row = z.array(z.number()).min(1);
const matrix = z.union([
  z.array(row),
  z.object({ columns: z.array(z.string()).min(1), rows: z.array(row) }),
]);

const csvRows = z.array(
  z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
);
const byteRecords = z.array(z.array(z.int().min(0).max(255)));

/**
 * A job's inline JSON input as an upload, so that inline and uploaded data take one path:
 * - items, ndjson: an array, an item a record · lines: a string or an array of lines · text: a string
 * - csv: CSV text, or an array of objects · matrix: an array of rows, or { columns, rows }
 * - bytes: base64, or an array of byte arrays, each of `recordBytes`
 * @throws GridError wrong-input
 */
export function inlineDataset(
  format: DatasetFormat | "items",
  value: unknown,
  { recordBytes }: { recordBytes?: number | undefined } = {},
): InlineDataset {
  switch (format) {
    case "items":
    case "ndjson": {
      const items = parse(z.array(z.json()), value, "an array");
      return upload("ndjson", items.map((item) => `${JSON.stringify(item)}\n`).join(""));
    }
    case "lines": {
      const lines = parse(z.union([z.string(), z.array(line)]), value, "a string or lines");
      return upload(
        "lines",
        typeof lines === "string" ? lines : lines.map((text) => `${text}\n`).join(""),
      );
    }
    case "text":
      return upload(format, parse(z.string(), value, "a string"));
    case "csv": {
      const csv = parse(z.union([z.string(), csvRows]), value, "CSV text or an array of objects");
      return upload(format, typeof csv === "string" ? csv : csvText(csv));
    }
    case "bytes":
      return bytesUpload(
        parse(z.union([z.base64(), byteRecords]), value, "base64 or an array of byte arrays"),
        recordBytes,
      );
    case "matrix":
      return matrixUpload(parse(matrix, value, "rows of numbers, or { columns, rows }"));
  }
}

function matrixUpload(value: z.infer<typeof matrix>): InlineDataset {
  if (!Array.isArray(value)) {
    const header = value.columns.map(csvField).join(",");
    const text = [header, ...value.rows.map((numbers) => numbers.join(","))].join("\n");
    return upload("matrix", text, { matrix: { encoding: "csv", header: true } });
  }
  const columns = value[0]?.length ?? 1;
  const uneven = value.findIndex((numbers) => numbers.length !== columns);
  if (uneven >= 0)
    throw wrongInput(`row ${uneven} has ${value[uneven]!.length} numbers, row 0 has ${columns}`);
  const numbers = Float64Array.from(value.flat());
  return upload("matrix", Buffer.from(numbers.buffer), { matrix: { encoding: "f64", columns } });
}

/** The first object names the columns, as everywhere a table is made of objects. */
function csvText(rows: z.infer<typeof csvRows>): string {
  const columns = Object.keys(rows[0] ?? {});
  const uneven = rows.findIndex(
    (row) =>
      Object.keys(row).length !== columns.length ||
      !columns.every((name) => Object.hasOwn(row, name)),
  );
  if (uneven >= 0) throw wrongInput(`object ${uneven} has other fields than object 0`);
  const lines = rows.map((row) =>
    columns.map((name) => csvField(String(row[name] ?? ""))).join(","),
  );
  return [columns.map(csvField).join(","), ...lines].join("\n");
}

function csvField(text: string): string {
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function bytesUpload(
  value: string | z.infer<typeof byteRecords>,
  recordBytes: number | undefined,
): InlineDataset {
  const extra = recordBytes === undefined ? {} : { recordBytes };
  if (typeof value === "string") return upload("bytes", Buffer.from(value, "base64"), extra);
  if (recordBytes === undefined && value.length > 1)
    throw wrongInput("several byte arrays need a record size");
  const uneven = value.findIndex((record) => record.length !== recordBytes);
  if (recordBytes !== undefined && uneven >= 0)
    throw wrongInput(`record ${uneven} has ${value[uneven]!.length} bytes, not ${recordBytes}`);
  return upload("bytes", Buffer.from(value.flat()), extra);
}

function upload(
  format: DatasetFormat,
  data: string | Buffer,
  extra: Pick<IngestOptions, "matrix" | "recordBytes"> = {},
): InlineDataset {
  async function* body(): AsyncGenerator<Uint8Array> {
    yield typeof data === "string" ? Buffer.from(data) : data;
  }
  return { body: body(), options: { format, onBadRecord: "refuse", ...extra } };
}

function parse<T>(schema: z.ZodType<T>, value: unknown, wanted: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw wrongInput(`it must be ${wanted} (${z.prettifyError(parsed.error)})`);
}

function wrongInput(what: string): GridError {
  return new GridError("wrong-input", `The input does not fit: ${what}`);
}
