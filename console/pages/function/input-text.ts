import type { InputDescription } from "../../../protocol/guest.ts";
import type { Json } from "../../../protocol/job.ts";

/** What was typed does not read as what the function takes. The message is for the person who typed it. */
export class InputFault extends Error {
  override name = "InputFault";
}

/** How the input that a function takes is typed into a form. */
export interface InputShape {
  label: string;
  hint: string;
  placeholder: string;
}

export function shapeOf(input: InputDescription): InputShape {
  if (input.type === "range")
    return { label: "Count", hint: "It runs over 0, 1, … below this.", placeholder: "1000000" };
  if (input.type === "items")
    return { label: "Items", hint: "A JSON array.", placeholder: "[1, 2, 3]" };
  switch (input.format) {
    case "lines":
      return { label: "Lines", hint: "One record a line.", placeholder: "the quick brown fox" };
    case "text":
      return { label: "Text", hint: "Taken as it is.", placeholder: "Call me Ishmael." };
    case "csv":
      return {
        label: "CSV",
        hint: "A header row first.",
        placeholder: `${(input.columns ?? ["name", "value"]).join(",")}\n`,
      };
    case "ndjson":
      return {
        label: "Records",
        hint: "A JSON array, or one JSON value a line.",
        placeholder: '{ "a": 1 }',
      };
    case "matrix":
      return {
        label: "Rows",
        hint: "Numbers with commas or spaces between them, one row a line.",
        placeholder: "1, 2\n3, 4",
      };
    case "bytes":
      return { label: "Bytes", hint: "As base64.", placeholder: "AAEC" };
  }
}

/** What was typed, as a request carries it. Pure. @throws InputFault */
export function inputOf(input: InputDescription, typed: string): Json {
  const text = typed.trim();
  if (text === "") throw new InputFault("Nothing is given yet.");
  if (input.type === "range") return countOf(text);
  if (input.type === "items") return arrayOf(text, "The items are a JSON array.");
  switch (input.format) {
    case "lines":
      return typed.replace(/\r?\n$/, "").split(/\r?\n/);
    case "text":
    case "csv":
      return typed;
    case "ndjson":
      return text.startsWith("[") ? arrayOf(text, "This is no JSON array.") : valuesOf(text);
    case "matrix":
      return text.startsWith("[") || text.startsWith("{") ? jsonOf(text) : rowsOf(text);
    case "bytes":
      return text;
  }
}

/** The other way: an example, as it is typed. Pure. */
export function typedOf(input: InputDescription, value: Json): string {
  if (typeof value === "string") return value;
  if (input.type === "dataset" && Array.isArray(value)) {
    if (input.format === "lines") return value.join("\n");
    if (input.format === "ndjson") return value.map((one) => JSON.stringify(one)).join("\n");
    if (input.format === "matrix" && value.every((row) => Array.isArray(row)))
      return value.map((row) => (row as Json[]).join(", ")).join("\n");
    if (input.format === "csv") return csvOf(value);
  }
  return JSON.stringify(value);
}

function countOf(text: string): number {
  const count = Number(text.replaceAll(/[\s_,]/g, ""));
  if (!Number.isSafeInteger(count) || count < 1)
    throw new InputFault("The count is a whole number of 1 or more.");
  return count;
}

function jsonOf(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new InputFault(`This is not valid JSON: ${(error as Error).message}`);
  }
}

function arrayOf(text: string, otherwise: string): Json[] {
  const value = jsonOf(text);
  if (!Array.isArray(value)) throw new InputFault(otherwise);
  return value;
}

function valuesOf(text: string): Json[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === "") return [];
    try {
      return [JSON.parse(line) as Json];
    } catch {
      throw new InputFault(`Line ${index + 1} is not valid JSON.`);
    }
  });
}

function rowsOf(text: string): number[][] {
  const rows = text.split(/\r?\n/).map((line, index) => {
    const row = line.trim().split(/\s*[,;]\s*|\s+/);
    const numbers = row.map(Number);
    const bad = numbers.findIndex((number) => Number.isNaN(number));
    if (bad >= 0) throw new InputFault(`Line ${index + 1}: "${row[bad]}" is no number.`);
    return numbers;
  });
  const uneven = rows.findIndex((row) => row.length !== rows[0]!.length);
  if (uneven >= 0)
    throw new InputFault(
      `Line ${uneven + 1} has ${rows[uneven]!.length} numbers, line 1 has ${rows[0]!.length}.`,
    );
  return rows;
}

function csvOf(records: Json[]): string {
  const columns = Object.keys((records[0] as object | undefined) ?? {});
  const field = (value: unknown) => {
    const text = String(value ?? "");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const rows = records.map((record) =>
    columns.map((name) => field((record as Record<string, Json>)[name])).join(","),
  );
  return [columns.map(field).join(","), ...rows].join("\n");
}
