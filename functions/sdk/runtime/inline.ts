import type { InputDescription } from "../../../protocol/guest.ts";
import { parseCsv, toRecord } from "./csv.ts";
import { copyOf, isArray, isInteger, isView, joinStrings } from "./primordials.ts";
import { type Refusal, wrongInput } from "./refusal.ts";
import { numberedColumns, requireColumns } from "./resident.ts";
import { bytesSource, listSource, rangeSource, rowsSource, type Source } from "./source.ts";

/**
 * An inline input as records, by the type of the input:
 *
 *   text    a string
 *   lines   an array of strings, or a string that is split
 *   csv     an array of objects, or CSV text with its header
 *   ndjson, items   an array
 *   matrix  an array of rows, or { columns, rows }
 *   bytes   an array of byte arrays, or base64 text
 *   range   a count
 *
 * @throws Refusal wrong-input, saying which shape is expected
 */
export function inlineSource(input: InputDescription, value: unknown): Source {
  if (input.type === "range") {
    if (!isInteger(value) || value < 1) throw wrongInput("the input is a count", "pass 1 or more");
    return rangeSource(0, value);
  }
  if (input.type === "items") return listSource(listOf(value, "an array of items"));
  switch (input.format) {
    case "text":
      if (typeof value !== "string") throw wrongInput("the input is a text", "pass a string");
      return listSource([value]);
    case "lines":
      return listSource(typeof value === "string" ? linesOf(value) : stringsOf(value));
    case "ndjson":
      return listSource(listOf(value, "an array of JSON values"));
    case "csv":
      return listSource(csvRecords(value, input.columns));
    case "matrix":
      return matrixOf(value, input.columns);
    case "bytes":
      return bytesOf(value, input.recordBytes);
  }
}

function listOf(value: unknown, expected: string): unknown[] {
  if (!isArray(value)) throw wrongInput(`the input is not ${expected}`, `pass ${expected}`);
  if (value.length === 0) throw wrongInput("the input has no records", "pass at least one");
  return value;
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.length > 1 && lines.at(-1) === "") lines.pop();
  return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
}

function stringsOf(value: unknown): string[] {
  const list = listOf(value, "an array of lines, or a text");
  list.forEach((line, i) => {
    if (typeof line !== "string") throw wrongInput(`line ${i} is not a string`);
  });
  return list as string[];
}

function csvRecords(
  value: unknown,
  needed: readonly string[] | undefined,
): Record<string, string>[] {
  if (typeof value === "string") {
    const [columns, ...rows] = parseCsv(joinStrings(linesOf(value), "\n"));
    if (columns === undefined || rows.length === 0) throw wrongInput("the CSV text has no rows");
    if (needed !== undefined) requireColumns(columns, needed);
    return rows.map((fields) => toRecord(columns, fields));
  }
  return listOf(value, "an array of objects, or CSV text with a header").map((row, i) => {
    if (typeof row !== "object" || row === null || isArray(row)) {
      throw wrongInput(`record ${i} is not an object`);
    }
    const columns = Object.keys(row);
    if (needed !== undefined) requireColumns(columns, needed);
    const fields = columns.map((column) => String((row as Record<string, unknown>)[column]));
    return toRecord(columns, fields);
  });
}

function matrixOf(value: unknown, needed: readonly string[] | undefined): Source {
  const named = !isArray(value) && typeof value === "object" && value !== null;
  const given = named ? (value as { columns?: unknown; rows?: unknown }) : { rows: value };
  const rows = listOf(given.rows, "an array of rows, or { columns, rows }");
  const width = isArray(rows[0]) ? rows[0].length : 0;
  const columns = (given as { columns?: string[] }).columns ?? numberedColumns(width);
  if (needed !== undefined) requireColumns(columns, needed);
  if (columns.length !== width) {
    throw wrongInput(`there are ${columns.length} columns, but the first row has ${width} numbers`);
  }
  const numbers = new Float64Array(rows.length * width);
  rows.forEach((row, r) => {
    if (!isArray(row) || row.length !== width) {
      throw wrongInput(`row ${r} is not an array of ${width} numbers`);
    }
    row.forEach((number: unknown, c) => {
      if (typeof number !== "number") throw wrongInput(`row ${r} has a ${typeof number}`);
      numbers[r * width + c] = number;
    });
  });
  return rowsSource(numbers, columns, rows.length);
}

function bytesOf(value: unknown, size: number | undefined): Source {
  if (typeof value === "string") {
    const bytes = fromBase64(value);
    const recordBytes = size ?? bytes.length;
    if (bytes.length === 0 || bytes.length % recordBytes !== 0) {
      throw wrongInput(`${bytes.length} bytes are not records of ${recordBytes} bytes`);
    }
    return bytesSource(bytes, recordBytes, bytes.length / recordBytes);
  }
  const list = listOf(value, "an array of byte arrays, or base64 text");
  return listSource(
    list.map((record, i) => {
      if (!isArray(record) && !isView(record)) throw notBytes(i);
      const bytes = Uint8Array.from(record as number[]);
      if (bytes.some((byte, at) => byte !== (record as number[])[at])) throw notBytes(i);
      if (size !== undefined && bytes.length !== size) {
        throw wrongInput(`record ${i} has ${bytes.length} bytes, not ${size}`);
      }
      return bytes;
    }),
  );
}

function notBytes(record: number): Refusal {
  return wrongInput(`record ${record} is not an array of bytes`, "bytes are integers of 0 to 255");
}

/** RFC 4648, standard or URL alphabet; white space is skipped. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let length = 0;
  let bits = 0;
  let held = 0;
  for (const char of text) {
    if (char === "=" || char === "\n" || char === "\r" || char === " ") continue;
    const value = alphabet.indexOf(char === "-" ? "+" : char === "_" ? "/" : char);
    if (value < 0) throw wrongInput("the input is not base64", "pass base64 or arrays of bytes");
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length++] = held >> bits;
  }
  return copyOf(bytes.subarray(0, length));
}
