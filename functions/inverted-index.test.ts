import { runLocally } from "sparegrid/testing";
import { expect, test } from "vitest";
import invertedIndex from "./inverted-index.ts";
import { dataPath, readLines, shell } from "./test-support/data.ts";

test("every ASCII word of Moby-Dick is found where awk finds it", () => {
  const index = runLocally(invertedIndex, readLines("moby-dick.txt.gz"), { minLength: 4 });
  // A word next to a letter beyond ASCII ("æ") is another word for awk: only lines of pure ASCII are compared.
  const expected = shell(
    `zcat ${dataPath("moby-dick.txt.gz")} | tr A-Z a-z | awk '
       /[\\200-\\377]/ { print NR - 1, "-"; next }
       { gsub(/[^a-z]+/, " "); split("", seen)
         for (i = 1; i <= NF; i++) if (length($i) >= 4 && !($i in seen)) { seen[$i] = 1; print NR - 1, $i } }'`,
  ).map((line) => line.split(" ") as [string, string]);
  const others = new Set(expected.flatMap(([line, word]) => (word === "-" ? [line] : [])));
  const found = index.flatMap(({ key, value }) =>
    value.flatMap((line) => (others.has(String(line)) ? [] : [`${line} ${key}`])),
  );
  expect(found.toSorted()).toEqual(
    expected.flatMap(([line, word]) => (word === "-" ? [] : [`${line} ${word}`])).toSorted(),
  );
  expect(found.length).toBeGreaterThan(30_000);
  for (const { value } of index) expect(value).toEqual([...new Set(value)].sort((a, b) => a - b));
});

test("a word twice in a line is found there once", () => {
  expect(runLocally(invertedIndex, ["to be or not to be", "Être, be"])).toEqual([
    { key: "be", value: [0, 1] },
    { key: "not", value: [0] },
    { key: "or", value: [0] },
    { key: "to", value: [0] },
    { key: "être", value: [1] },
  ]);
});
