import { expect, test } from "vitest";
import { linesAround } from "./source-lines.ts";

const source = Array.from({ length: 10 }, (_, index) => `line ${index + 1}`).join("\n");
const version = { source, files: { "lib/helper.ts": "only line" } };

test("a place is shown with three lines before and after", () => {
  const lines = linesAround(version, { file: "word-count.ts", line: 2, column: 1 });
  expect(lines?.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5]);
  expect(lines?.[1]?.text).toBe("line 2");
});

test("a place in another file is found there, and one that does not exist is not shown", () => {
  expect(linesAround(version, { file: "lib/helper.ts", line: 1, column: 1 })).toEqual([
    { line: 1, text: "only line" },
  ]);
  expect(linesAround(version, { file: "x.ts", line: 11, column: 1 })).toBeUndefined();
});
