import { expect, test } from "vitest";
import { largest, lines, prettyOf, tableOf } from "./result-preview.ts";

test("pairs of numbers have a largest first", () => {
  const preview = lines('{"key":"a","value":1}\n{"key":"b","value":3}\n', false);
  expect(preview).toMatchObject({ type: "pairs", more: false });
  if (preview.type !== "pairs") throw new Error("no pairs");
  expect(largest(preview.pairs, 1)).toEqual([{ label: "b", value: 3 }]);
  expect(largest([{ key: "a", value: "x" }], 5)).toEqual([]);
});

test("a line that was cut is left out", () => {
  expect(lines('1\n2\n{"ke', true)).toEqual({ type: "records", records: [1, 2], more: true });
});

test("records become a table of all their columns", () => {
  expect(tableOf([{ a: 1 }, { b: [2] }], 10)).toEqual({
    columns: ["a", "b"],
    rows: [
      ["1", ""],
      ["", "[2]"],
    ],
  });
  expect(tableOf(["x", 1], 1)).toEqual({ columns: ["value"], rows: [["x"]] });
});

test("a row of numbers stays on one line", () => {
  expect(prettyOf({ centres: [[1, -2.5e-7], [3]] })).toBe(
    '{\n  "centres": [\n    [1, -2.5e-7],\n    [3]\n  ]\n}',
  );
});
