import { describe, expect, test } from "vitest";
import { hiddenCharacterOf, lineSchema, proseSchema, withoutHidden } from "./text.ts";

const hidden = [
  ["a control", "\u0007"],
  ["an escape", "\u001b"],
  ["a C1 control", "\u009b"],
  ["a right-to-left override", "\u202e"],
  ["an isolate", "\u2066"],
  ["a mark of direction", "\u200f"],
  ["an Arabic mark", "\u061c"],
  ["a zero-width space", "\u200b"],
  ["a joiner", "\u200d"],
  ["a non-joiner", "\u200c"],
  ["a word joiner", "\u2060"],
  ["a byte order mark", "\ufeff"],
  ["a soft hyphen", "\u00ad"],
  ["a Hangul filler", "\u3164"],
  ["a tag", "\u{e0041}"],
  ["a variation selector", "\ufe0f"],
  ["an annotation", "\ufff9"],
  ["a line separator", "\u2028"],
  ["half a character", "\ud800"],
] as const;

describe.each(hidden)("%s", (_what, character) => {
  test("is refused in a line, with its place, and left out of prose", () => {
    const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
    expect(hiddenCharacterOf(`ab${character}c`)).toBe(`U+${code} at character 3`);
    expect(lineSchema(10).safeParse(`ab${character}c`).success).toBe(false);
    // What separates lines separates them visibly.
    expect(withoutHidden(`ab${character}c`)).toBe(character === "\u2028" ? "ab\nc" : "abc");
  });
});

test.each([
  "é",
  "日本語",
  "Straße <b>",
  "👩\u200d💻",
  "❤\ufe0f",
  "1\ufe0f\u20e3",
  "👋🏽",
  "می\u200cخواهم",
  "क्\u200dष",
])("%s stays as it is", (text) => {
  expect(hiddenCharacterOf(text)).toBeUndefined();
  expect(withoutHidden(text)).toBe(text);
});

test("prose keeps lines and tabs, and its bound", () => {
  expect(proseSchema(10).parse("a\r\nb\tc\rd")).toBe("a\nb\tc\nd");
  expect(proseSchema(3).safeParse("abcd").success).toBe(false);
});

test.each(["", " ", "x".repeat(11), "a\nb", "a\tb"])("%j is no line", (text) => {
  expect(lineSchema(10).safeParse(text).success).toBe(false);
});
