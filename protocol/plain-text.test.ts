import { expect, test } from "vitest";
import { hiddenCharacter, plainTextSchema } from "./plain-text.ts";

const line = plainTextSchema({ charsMax: 20 });
const text = plainTextSchema({ charsMax: 20, lines: true, charsMin: 0 });

test("text is composed and trimmed", () => {
  expect(line.parse("  Cafe\u0301 ")).toBe("Café");
  expect(text.parse("one\r\ntwo\tthree\n")).toBe("one\ntwo\tthree");
  expect(text.parse("")).toBe("");
});

test.each([
  ["a right-to-left override", "abc\u202Etxt.exe", "U+202E"],
  ["an isolate", "\u2066abc", "U+2066"],
  ["a zero width space", "pay\u200Bpal", "U+200B"],
  ["a joiner between Latin letters", "a\u200Db", "U+200D"],
  ["a byte order mark", "a\uFEFFb", "U+FEFF"],
  ["a soft hyphen", "a\u00ADb", "U+00AD"],
  ["a Hangul filler", "a\u3164", "U+3164"],
  ["an invisible tag", "a\u{E0041}", "U+E0041"],
  ["a bell", "a\u0007b", "U+0007"],
  ["an escape sequence", "\u001b[31mred", "U+001B"],
  ["a line separator", "a\u2028b", "U+2028"],
  ["half a surrogate pair", "a\uD800b", "U+D800"],
])("%s is refused by its name", (_what, given, name) => {
  expect(hiddenCharacter(given)).toBe(name);
  expect(line.safeParse(given).error?.issues[0]?.message).toContain(name);
  expect(text.safeParse(given).success).toBe(false);
});

test("a line feed is refused where one line is asked for", () => {
  expect(line.safeParse("a\nb").success).toBe(false);
});

test.each(["👩‍👩‍👧‍👦 ❤️ 👍🏽 1️⃣", "می‌خواهم", "श्री क्‍ष", "<b>not HTML</b>", "naïve 日本"])(
  "%s passes as it is",
  (given) => {
    expect(plainTextSchema({ charsMax: 50 }).parse(given)).toBe(given.normalize("NFC"));
  },
);

test("length is bounded before and after composing", () => {
  expect(line.safeParse("x".repeat(21)).success).toBe(false);
  expect(line.safeParse("   ").success).toBe(false);
  expect(line.parse("x".repeat(20))).toHaveLength(20);
});
