import type { Input, Rows, Span } from "./types.ts";

/** UTF-8 text: a record is a whole shard, cut at a line end. Inline: a string. */
export const text = (): Input<string, readonly string[], readonly string[], string> => ({
  type: "dataset",
  format: "text",
});

/** Lines of UTF-8 text, without their ends. Inline: an array of lines, or a text that is split. */
export const lines = (): Input<
  string,
  readonly string[],
  readonly string[],
  string | readonly string[]
> => ({ type: "dataset", format: "lines" });

/**
 * RFC 4180 rows with a header: a record is an object of strings keyed by column.
 * @param options.columns columns that the function needs; a dataset that lacks one is refused
 * Inline: an array of objects, or CSV text with its header.
 */
export const csv = <const Column extends string = string>(
  options: { columns?: readonly Column[] } = {},
): Input<
  Record<Column, string>,
  readonly Record<Column, string>[],
  readonly Record<Column, string>[],
  string | readonly Record<Column, string>[]
> => ({ type: "dataset", format: "csv", ...options });

/** One JSON value a line. Inline: an array of values. */
export const ndjson = <T>(): Input<T, readonly T[], readonly T[], readonly T[]> => ({
  type: "dataset",
  format: "ndjson",
});

/**
 * Rows of numbers, from CSV or raw f32/f64. A record is a row (Float64Array); an iterate's map gets a whole shard as
 * `Rows`. Inline: an array of rows, or { columns, rows }.
 */
export const matrix = (): Input<
  Float64Array<ArrayBuffer>,
  Rows,
  Rows,
  readonly (readonly number[])[] | { columns: string[]; rows: readonly (readonly number[])[] }
> => ({ type: "dataset", format: "matrix" });

/**
 * Raw bytes. A record has `size` bytes; without a size it is a whole shard.
 * Inline: an array of byte arrays, or base64 text.
 */
export const bytes = (
  options: { size?: number } = {},
): Input<
  Uint8Array<ArrayBuffer>,
  readonly Uint8Array<ArrayBuffer>[],
  readonly Uint8Array<ArrayBuffer>[],
  string | readonly (readonly number[] | Uint8Array)[]
> => ({
  type: "dataset",
  format: "bytes",
  ...(options.size === undefined ? {} : { recordBytes: options.size }),
});

/** The integers 0, 1, … below a count, without a dataset: Monte Carlo, rendering, sweeps. Inline: the count. */
export const range = (): Input<number, Span, Span & { readonly count: number }, number> => ({
  type: "range",
});

/** JSON values that the caller passes inline. */
export const items = <T>(): Input<T, readonly T[], readonly T[], readonly T[]> => ({
  type: "items",
});
