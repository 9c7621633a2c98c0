import { runLocally } from "sparegrid/testing";
import { expect, test } from "vitest";
import grep from "./grep.ts";
import { dataPath, readLines, shell } from "./test-support/data.ts";

const moby = readLines("moby-dick.txt.gz");

test.each([
  [{ pattern: "white whale" }, "grep -n 'white whale'"],
  [{ pattern: "WHITE  *whale", flags: "i" }, "grep -n -i 'WHITE  *whale'"],
  [{ pattern: "^CHAPTER [0-9]+" }, "grep -n -E '^CHAPTER [0-9]+'"],
  [{ pattern: "[a-z]", invert: true }, "grep -n -v '[a-z]'"],
])("%j finds what GNU %s finds", (params, command) => {
  const expected = shell(`zcat ${dataPath("moby-dick.txt.gz")} | ${command}`);
  const found = runLocally(grep, moby, params);
  expect(found.map(({ key, value }) => `${Number(key)}:${value}`)).toEqual(expected);
  expect(found.length).toBeGreaterThan(10);
});

test("a pattern that does not parse is an error", () => {
  expect(() => runLocally(grep, ["a"], { pattern: "(" })).toThrow(/Unterminated group/);
});
