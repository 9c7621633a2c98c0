import { expect, test } from "vitest";
import { storedRowsOf } from "./stored-rows.ts";

test("records of each format become cells", () => {
  const cells = (...args: Parameters<typeof storedRowsOf>) =>
    storedRowsOf(...args).map((row) => row.cells);
  const csv = { format: "csv", columns: ["a", "b"], preview: [{ b: "2", a: "1" }] } as const;
  expect(cells({ ...csv, columns: [...csv.columns], preview: [...csv.preview] })).toEqual([
    ["1", "2"],
  ]);
  expect(cells({ format: "matrix", preview: [[1, null]] })).toEqual([["1", "null"]]);
  expect(cells({ format: "lines", preview: ["x"] })).toEqual([["x"]]);
  expect(cells({ format: "ndjson", preview: ["x", { a: 1 }] })).toEqual([['"x"'], ['{"a":1}']]);
});
