import { expect, test } from "vitest";
import type { Manifest } from "../../../protocol/manifest.ts";
import { firstRecords } from "./first-records.ts";

const of = (format: Manifest["format"], text: string, records: number, wanted: number) => {
  const first = firstRecords({ format, shards: [] }, Buffer.from(text), records, wanted);
  return [first.bytes.toString(), first.records];
};

test("the first lines of a shard, without the newline after them", () => {
  expect(of("lines", "a\nbb\n\nd", 4, 2)).toEqual(["a\nbb", 2]);
  expect(of("lines", "a\nbb\n\nd", 4, 3)).toEqual(["a\nbb\n", 3]);
  expect(of("ndjson", '{"a":1}\n2', 2, 1)).toEqual(['{"a":1}', 1]);
  expect(of("lines", "a\nb", 2, 9)).toEqual(["a\nb", 2]);
});

test("a csv row may hold line ends", () => {
  expect(of("csv", 'a,"x\ny"\nb,"z"\nc,d', 3, 1)).toEqual(['a,"x\ny"', 1]);
  expect(of("csv", 'a,"x\ny"\nb,"z"\nc,d', 3, 2)).toEqual(['a,"x\ny"\nb,"z"', 2]);
});

test("rows of a matrix and records of bytes have one size", () => {
  expect(of("matrix", "aaaaaaaabbbbbbbb", 2, 1)).toEqual(["aaaaaaaa", 1]);
  expect(of("bytes", "abcdef", 3, 2)).toEqual(["abcd", 2]);
});

test("a shard of text is one record", () => {
  expect(of("text", "a\nb", 1, 5)).toEqual(["a\nb", 1]);
});
