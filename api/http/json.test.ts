import { expect, test } from "vitest";
import { z } from "zod";
import { parseJson } from "./json.ts";
import { nearest } from "./suggest.ts";
import { parseWith } from "./validate.ts";

test.each([
  ['{"a": 1,\n  oops}', 2, 3],
  ['{"a": 1', 1, 8],
  ["{'a': 1}", 1, 2],
  ["nope", 1, 2],
  ["", 1, 1],
])("malformed JSON %j is located at line %i, column %i", (text, line, column) => {
  expect(() => parseJson(text)).toThrow(`line ${line}, column ${column}`);
  expect(() => parseJson(text)).toThrow(
    expect.objectContaining({ code: "bad-request", details: expect.objectContaining({ line }) }),
  );
});

const schema = z.strictObject({
  name: z.string(),
  limits: z.strictObject({ timeoutMs: z.int() }).partial().optional(),
});

test.each([
  [{}, 'The body lacks "name".', undefined],
  [{ name: "x", colour: 1 }, 'unknown field "colour"', "Known here: name, limits."],
  [{ nmae: "x" }, 'unknown field "nmae"', 'Did you mean "name"?'],
  [{ name: 1 }, '"name"', undefined],
  [{ name: "x", limits: { timeout: 1 } }, 'unknown field "timeout"', 'Did you mean "timeoutMs"?'],
  [[], "The body", undefined],
])("%j is refused with its place", (value, message, hint) => {
  expect(() => parseWith(schema, value, "The body")).toThrow(message);
  if (hint)
    expect(() => parseWith(schema, value, "The body")).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ hint }) }),
    );
});

test("only near words are suggested", () => {
  expect(nearest("word-cuont", ["pi", "word-count"])).toBe("word-count");
  expect(nearest("pi", ["word-count"])).toBeUndefined();
});
