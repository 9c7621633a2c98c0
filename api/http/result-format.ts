import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { GridError } from "../../protocol/errors.ts";
import type { Json } from "../../protocol/job.ts";
import { outputBytesMax } from "../../protocol/limits.ts";
import { csvRow, csvTable } from "./csv.ts";
import { doublesOf } from "./doubles.ts";
import { linesOf } from "./lines.ts";
import { negotiate } from "./negotiate.ts";

export interface Representation {
  contentType: string;
  body: Readable;
}

export const ndjsonType = "application/x-ndjson";
export const jsonType = "application/json";
export const csvType = "text/csv";
export const binaryType = "application/octet-stream";

/**
 * A result in the form that Accept asks for; as it is, when it asks for nothing.
 * - lines of JSON: NDJSON, one JSON array, CSV (flat records), numbers as little-endian f64
 * - one JSON value: JSON, one line, CSV (an array of flat records), numbers as little-endian f64
 * - bytes: their own type, application/octet-stream
 * @throws GridError not-acceptable, with what would be
 */
export async function representResult(
  native: Representation,
  accept: string | undefined,
): Promise<Representation> {
  const kind = native.contentType.split(";")[0]!;
  const offers = offersFor(kind);
  const wanted = negotiate(accept, offers);
  if (wanted === undefined) {
    native.body.destroy();
    throw notAcceptable(`The result cannot be given as ${accept}.`, offers);
  }
  if (wanted === kind) return native;
  try {
    const body = await convert(native.body, kind, wanted);
    const contentType = wanted === csvType ? `${csvType}; charset=utf-8; header=present` : wanted;
    return { contentType, body };
  } catch (error) {
    native.body.destroy();
    throw error;
  }
}

function offersFor(kind: string): readonly string[] {
  if (kind === ndjsonType) return [ndjsonType, jsonType, csvType, binaryType];
  if (kind === jsonType) return [jsonType, ndjsonType, csvType, binaryType];
  return kind === binaryType ? [binaryType] : [kind, binaryType];
}

async function convert(body: Readable, kind: string, wanted: string): Promise<Readable> {
  if (kind !== ndjsonType && kind !== jsonType) return body;
  if (kind === ndjsonType) {
    if (wanted === jsonType) return stream(jsonArray(linesOf(body)));
    const lines = linesOf(body);
    if (wanted === csvType) return stream(await csvOf(lines));
    return stream(await started(doublesOfLines(lines)));
  }
  if (wanted === ndjsonType) return stream(withNewline(body));
  const value = await wholeValue(body);
  if (wanted === binaryType) return stream([requireDoubles(value)]);
  const records = Array.isArray(value) ? value : [value];
  const table = csvTable(records[0]);
  if (!table) throw notAcceptable("The result is not a list of flat records.", [jsonType]);
  return stream(rows(table, records));
}

function* rows(table: readonly string[], records: readonly Json[]): Generator<string> {
  yield csvRow(table);
  for (const record of records) yield csvRecord(table, record);
}

async function csvOf(lines: AsyncGenerator<string>): Promise<AsyncIterable<string>> {
  const first = await lines.next();
  if (first.done) return (async function* () {})();
  const record = JSON.parse(first.value) as Json;
  const table = csvTable(record);
  if (!table)
    throw notAcceptable("The result is not made of flat records.", [ndjsonType, jsonType]);
  return (async function* () {
    yield csvRow(table) + csvRecord(table, record);
    for await (const line of lines) yield csvRecord(table, JSON.parse(line) as Json);
  })();
}

function csvRecord(table: readonly string[], record: Json): string {
  const fields =
    typeof record === "object" && record !== null && !Array.isArray(record)
      ? table.map((name) => record[name] ?? null)
      : Array.isArray(record)
        ? record
        : [record];
  return csvRow(fields);
}

async function* jsonArray(lines: AsyncGenerator<string>): AsyncGenerator<string> {
  let separator = "[";
  for await (const line of lines) {
    yield separator + line;
    separator = ",\n";
  }
  yield separator === "[" ? "[]" : "]";
}

async function* withNewline(body: Readable): AsyncGenerator<Uint8Array> {
  yield* body as AsyncIterable<Uint8Array>;
  yield Buffer.from("\n");
}

async function* doublesOfLines(lines: AsyncGenerator<string>): AsyncGenerator<Buffer> {
  for await (const line of lines) yield requireDoubles(JSON.parse(line) as Json);
}

function requireDoubles(value: Json): Buffer {
  const doubles = doublesOf(value);
  if (!doubles) throw notAcceptable("The result is not made of numbers alone.", [jsonType]);
  return doubles;
}

/** Takes the first piece before the answer's head is sent, so that a wrong form is still refused properly. */
async function started<T>(pieces: AsyncGenerator<T>): Promise<AsyncIterable<T>> {
  const first = await pieces.next();
  return (async function* () {
    if (first.done) return;
    yield first.value;
    yield* pieces;
  })();
}

async function wholeValue(body: Readable): Promise<Json> {
  const bytes = await buffer(body);
  if (bytes.byteLength > outputBytesMax)
    throw notAcceptable("The result is too large to convert.", [jsonType]);
  return JSON.parse(bytes.toString("utf8")) as Json;
}

function stream(
  pieces: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Readable {
  return Readable.from(batched(pieces), { objectMode: false });
}

const batchChars = 64 * 1024;

/** Joins small pieces of text: a write per line would cost more than the line. */
async function* batched(
  pieces: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let text = "";
  for await (const piece of pieces) {
    if (typeof piece !== "string") {
      yield piece;
      continue;
    }
    text += piece;
    if (text.length < batchChars) continue;
    yield Buffer.from(text);
    text = "";
  }
  if (text !== "") yield Buffer.from(text);
}

function notAcceptable(what: string, offers: readonly string[]): GridError {
  return new GridError("not-acceptable", what, { hint: `Accept one of: ${offers.join(", ")}.` });
}
