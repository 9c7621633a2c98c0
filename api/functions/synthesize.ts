import type { Description, InputDescription } from "../../protocol/guest.ts";
import type { Json } from "../../protocol/job.ts";

/** A small inline input of the right shape, and another of the same shape. */
export function synthesizeInputs(input: InputDescription): { first: Json; other: Json } {
  if (input.type === "range") return { first: 5, other: 3 };
  if (input.type === "items") return { first: [3, 1, 2], other: [2, 5] };
  switch (input.format) {
    case "text":
      return { first: "the cat sat on the mat\n3 1 2", other: "a dog\n4 4" };
    case "lines":
      return { first: ["the cat sat", "3 1 2", "on the mat"], other: ["a dog", "4 4"] };
    case "ndjson":
      return {
        first: [
          { id: 1, value: 3, name: "cat" },
          { id: 2, value: 1, name: "dog" },
        ],
        other: [{ id: 3, value: 7, name: "cow" }],
      };
    case "csv":
      return { first: table(input.columns, 3), other: table(input.columns, 2) };
    case "matrix":
      return { first: matrix(input.columns, 6), other: matrix(input.columns, 4) };
    case "bytes": {
      const size = input.recordBytes ?? 16;
      return { first: base64(size * 2, 7), other: base64(size, 5) };
    }
  }
}

export function defaultParams({ params }: Description): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, { default: value }] of Object.entries(params))
    if (value !== undefined) values[name] = value;
  return values;
}

const someColumns = ["a", "b", "c"];

function table(columns: readonly string[] = someColumns, rows: number): Json {
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(columns.map((name, column) => [name, `${(row * 7 + column * 3) % 10}`])),
  );
}

function matrix(columns: readonly string[] = someColumns, rows: number): Json {
  const numbers = Array.from({ length: rows }, (_, row) =>
    columns.map((_name, column) => ((row * 7 + column * 3) % 10) / 4 + rows),
  );
  return { columns: [...columns], rows: numbers };
}

function base64(bytes: number, factor: number): string {
  return Buffer.from(Array.from({ length: bytes }, (_, i) => (i * factor) % 256)).toString(
    "base64",
  );
}
