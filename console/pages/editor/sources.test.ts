import { expect, test } from "vitest";
import { parseDraft, sameFiles } from "./drafts.ts";
import { changedPaths, entryOf, filesOf, named, pathFault, placeIn, sourceOf } from "./sources.ts";

const fn = { name: "ada/words", source: "a", files: { "lib/b.ts": "b" } };

test("what a version has is what is published again", () => {
  const files = filesOf(fn);
  expect(Object.keys(files)).toEqual(["words.ts", "lib/b.ts"]);
  expect(sourceOf(entryOf(fn.name), files)).toEqual({ source: "a", files: { "lib/b.ts": "b" } });
  expect(sourceOf("main.ts", { "main.ts": "a" })).toEqual({ source: "a" });
});

test("an error is shown in the file that it names, and else in the source", () => {
  const files = filesOf(fn);
  const at = { file: "lib/b.ts", line: 2, column: 3 };
  expect(placeIn(files, "words.ts", at)).toEqual(at);
  expect(placeIn(files, "words.ts", { ...at, file: "gone.ts" })).toEqual({
    ...at,
    file: "words.ts",
  });
});

test("a new function is compared with what has its name already", () => {
  const mine = named({ "main.ts": "a2", "lib/c.ts": "c" }, "main.ts", fn.name);
  expect(changedPaths(filesOf(fn), mine)).toEqual(["words.ts", "lib/c.ts", "lib/b.ts"]);
  expect(changedPaths(filesOf(fn), filesOf(fn))).toEqual([]);
});

test.each([
  ["lib/distance.ts", undefined],
  ["data.json", undefined],
  ["words.ts", "There is a file of this name."],
  ["picture.png", "Its name ends with .ts, .js or .json."],
  ["", "Its name ends with .ts, .js or .json."],
  ["../up.ts", "Name it like lib/distance.ts."],
  ["a//b.ts", "Name it like lib/distance.ts."],
  ["/a.ts", "Name it like lib/distance.ts."],
])("a file %o can be added or not: %o", (path, fault) => {
  expect(pathFault(path, filesOf(fn))).toBe(fault);
});

test("a draft is read whatever the browser kept", () => {
  const draft = { files: { "main.ts": "a" }, version: "1" };
  expect(parseDraft(JSON.stringify(draft))).toEqual(draft);
  const broken = [
    "{",
    "null",
    "[]",
    "1",
    '"x"',
    '{"files":{}}',
    '{"files":{"a":1}}',
    '{"files":[]}',
  ];
  for (const kept of [undefined, null, "", ...broken]) expect(parseDraft(kept)).toBeUndefined();
  expect(sameFiles({ a: "1" }, { a: "1" })).toBe(true);
  expect(sameFiles({ a: "1" }, { a: "1", b: "" })).toBe(false);
  expect(sameFiles({ a: "1" }, { b: "1" })).toBe(false);
});
