import { csvRows } from "./csv-rows.ts";
import { textOf } from "./detect-format.ts";
import type { UploadOptions } from "./upload-options.ts";

export interface PreviewRow {
  /** Where it stands: a line, or a record's number. */
  label: string;
  cells: string[];
}

/** What the beginning of a file would become, and what the server would refuse of it. */
export interface Preview {
  columns?: string[];
  rows: PreviewRow[];
  /** The first few of them. */
  faults: { label: string; message: string }[];
  faultCount: number;
  /** Records that were looked at. */
  checked: number;
}

type Options = Pick<UploadOptions, "format" | "header" | "encoding" | "columns" | "recordBytes">;

const rowsMax = 8;
const faultsMax = 5;
const cellCharsMax = 300;

/**
 * Reads the beginning of a file as the server would read all of it.
 * @param isWhole the bytes are the whole file; else the last record may be cut, and is left out
 */
export function previewOf(first: Uint8Array, options: Options, isWhole: boolean): Preview {
  switch (options.format) {
    case "lines":
      return ofLines(wholeLines(first, isWhole), (line) => [line]);
    case "text":
      return made([{ label: "1", cells: [textOf(first)] }], [], 1);
    case "ndjson":
      return ofNdjson(wholeLines(first, isWhole));
    case "csv":
      return ofCsv(textOf(first), isWhole);
    case "matrix":
      return options.encoding === "csv"
        ? ofMatrixText(wholeLines(first, isWhole), options.header)
        : ofRawMatrix(first, options.encoding, Number(options.columns), isWhole);
    case "bytes":
      return ofBytes(first, Number(options.recordBytes), isWhole);
  }
}

interface Line {
  number: number;
  text: string;
}
type Fault = Preview["faults"][number];

function made(rows: PreviewRow[], faults: Fault[], checked: number, columns?: string[]): Preview {
  const cut = (cell: string) =>
    cell.length > cellCharsMax ? `${cell.slice(0, cellCharsMax)}…` : cell;
  return {
    ...(columns === undefined ? {} : { columns }),
    rows: rows.slice(0, rowsMax).map(({ label, cells }) => ({ label, cells: cells.map(cut) })),
    faults: faults.slice(0, faultsMax),
    faultCount: faults.length,
    checked,
  };
}

function wholeLines(first: Uint8Array, isWhole: boolean): Line[] {
  const lines = textOf(first)
    .split(/\r?\n/)
    .map((text, index) => ({ number: index + 1, text }));
  // After the last line's end there is nothing; without one the line may go on.
  if (lines.at(-1)?.text === "" || (!isWhole && lines.length > 1)) lines.pop();
  return lines;
}

function ofLines(lines: Line[], cellsOf: (text: string) => string[]): Preview {
  const rows = lines.slice(0, rowsMax).map(({ number, text }) => ({
    label: String(number),
    cells: cellsOf(text),
  }));
  return made(rows, [], lines.length);
}

function ofNdjson(lines: Line[]): Preview {
  const rows: PreviewRow[] = [];
  const faults: Fault[] = [];
  for (const { number, text } of lines) {
    if (text.trim() === "") continue;
    try {
      JSON.parse(text);
      rows.push({ label: String(number), cells: [text] });
    } catch (error) {
      faults.push({
        label: `Line ${number}`,
        message: `not valid JSON: ${(error as Error).message}`,
      });
    }
  }
  return made(rows, faults, rows.length + faults.length);
}

function ofCsv(text: string, isWhole: boolean): Preview {
  const all = csvRows(text);
  if (!isWhole && all.length > 1) all.pop();
  const [header, ...records] = all;
  const columns = header?.fields ?? [];
  const rows: PreviewRow[] = [];
  const faults: Fault[] = [];
  for (const { line, fields, isOpen } of records) {
    const label = `Line ${line}`;
    if (isOpen) faults.push({ label, message: "a quote is not closed" });
    else if (fields.length !== columns.length)
      faults.push({
        label,
        message: `${fields.length} fields, where the header has ${columns.length}`,
      });
    else rows.push({ label: String(line), cells: fields });
  }
  return made(rows, faults, records.length, columns);
}

function ofMatrixText(lines: Line[], header: Options["header"]): Preview {
  const table = lines
    .filter(({ text }) => text.trim() !== "")
    .map(({ number, text }) => ({ number, fields: text.split(",").map((field) => field.trim()) }));
  const isNumber = (field: string) => field !== "" && !Number.isNaN(Number(field));
  const hasHeader =
    header === "true" || (header === "auto" && table[0]?.fields.some((field) => !isNumber(field)));
  const columns = hasHeader ? table.shift()?.fields : undefined;
  const width = columns?.length ?? table[0]?.fields.length ?? 0;
  const rows: PreviewRow[] = [];
  const faults: Fault[] = [];
  for (const { number, fields } of table) {
    const label = `Line ${number}`;
    const bad = fields.find((field) => !isNumber(field));
    if (fields.length !== width)
      faults.push({ label, message: `${fields.length} numbers, where others have ${width}` });
    else if (bad !== undefined)
      faults.push({ label, message: `"${bad.slice(0, 40)}" is no number` });
    else rows.push({ label: String(number), cells: fields });
  }
  return made(rows, faults, table.length, columns);
}

function ofRawMatrix(
  first: Uint8Array,
  encoding: "f64" | "f32",
  width: number,
  isWhole: boolean,
): Preview {
  if (!Number.isSafeInteger(width) || width < 1) return made([], [], 0);
  const size = encoding === "f64" ? 8 : 4;
  const rowBytes = size * width;
  const count = Math.floor(first.length / rowBytes);
  const view = new DataView(first.buffer, first.byteOffset, first.byteLength);
  const rows = Array.from({ length: Math.min(count, rowsMax) }, (_, row) => ({
    label: String(row + 1),
    cells: Array.from({ length: width }, (_, column) => {
      const at = row * rowBytes + column * size;
      return String(size === 8 ? view.getFloat64(at, true) : view.getFloat32(at, true));
    }),
  }));
  const left = first.length - count * rowBytes;
  const faults =
    isWhole && left > 0
      ? [{ label: "The end", message: `${left} bytes more than whole rows of ${rowBytes}` }]
      : [];
  return made(rows, faults, count);
}

function ofBytes(first: Uint8Array, recordBytes: number, isWhole: boolean): Preview {
  const size = Number.isSafeInteger(recordBytes) && recordBytes > 0 ? recordBytes : undefined;
  if (size === undefined) return made([{ label: "1", cells: [hexOf(first)] }], [], 1);
  const count = Math.floor(first.length / size);
  const rows = Array.from({ length: Math.min(count, rowsMax) }, (_, index) => ({
    label: String(index + 1),
    cells: [hexOf(first.subarray(index * size, (index + 1) * size))],
  }));
  const left = first.length - count * size;
  const faults =
    isWhole && left > 0
      ? [{ label: "The end", message: `${left} bytes more than whole records of ${size}` }]
      : [];
  return made(rows, faults, count);
}

function hexOf(bytes: Uint8Array): string {
  const shown = 32;
  const hex = [...bytes.subarray(0, shown)].map((byte) => byte.toString(16).padStart(2, "0"));
  return hex.join(" ") + (bytes.length > shown ? " …" : "");
}
