import { expect, test } from "vitest";
import { byteRangeOf } from "./byte-range.ts";

test.each([
  ["bytes=0-", { from: 0, to: 10 }],
  ["bytes=0-1", { from: 0, to: 2 }],
  ["bytes=3-99", { from: 3, to: 10 }],
  ["bytes=9-9", { from: 9, to: 10 }],
  ["bytes=-4", { from: 6, to: 10 }],
  ["bytes=-99", { from: 0, to: 10 }],
  ["bytes=10-", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  [undefined, undefined],
  ["bytes=-", undefined],
  ["bytes=5-2", undefined],
  ["bytes=0-1,3-4", undefined],
  ["records=0-1", undefined],
  ["bytes=a-b", undefined],
])("%s of ten bytes", (header, range) => {
  expect(byteRangeOf(header, 10)).toEqual(range);
});
