import { runLocally } from "sparegrid/testing";
import { expect, test } from "vitest";
import { dataPath, readLines, shell } from "./test-support/data.ts";
import wordCount from "./word-count.ts";

test("Moby-Dick has the words that GNU coreutils count", () => {
  const counts = runLocally(wordCount, readLines("moby-dick.txt.gz"), { letters: "ascii" });
  const top = counts.toSorted((a, b) => b.value - a.value).slice(0, 5);
  expect(top.map(({ key, value }) => `${key} ${value}`).join(", ")).toBe(
    "the 14528, of 6618, and 6447, a 4748, to 4628",
  );
  const expected = shell(
    `zcat ${dataPath("moby-dick.txt.gz")} | tr -cs A-Za-z '\\n' | tr A-Z a-z | grep . | sort | uniq -c`,
  );
  expect(counts.map(({ key, value }) => `${value} ${key}`)).toEqual(
    expected.map((line) => line.trim()),
  );
});

test("by default, letters of every script make words", () => {
  expect(runLocally(wordCount, "Über den Wolken über\r\nπ 日本 O'er")).toEqual([
    { key: "den", value: 1 },
    { key: "er", value: 1 },
    { key: "o", value: 1 },
    { key: "wolken", value: 1 },
    { key: "über", value: 2 },
    { key: "π", value: 1 },
    { key: "日本", value: 1 },
  ]);
});
