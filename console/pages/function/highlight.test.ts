import { expect, test } from "vitest";
import { highlight } from "./highlight.ts";

const textOf = (source: string) =>
  highlight(source)
    .map((line) => line.map(({ text }) => text).join(""))
    .join("\n");

test.each(["", "\n", "const a = `x\ny`; // end", '"open\n/* open', "a / b / c"])(
  "what is shown of %j is the source itself",
  (source) => expect(textOf(source)).toBe(source),
);

test("pieces keep their kind over several lines", () => {
  expect(highlight('const a = "b"; /* c\nd */ 12')).toEqual([
    [
      { text: "const", kind: "keyword" },
      { text: " a = " },
      { text: '"b"', kind: "string" },
      { text: "; " },
      { text: "/* c", kind: "comment" },
    ],
    [{ text: "d */", kind: "comment" }, { text: " " }, { text: "12", kind: "number" }],
  ]);
});

test("a keyword within a word is none", () => {
  expect(highlight("format")).toEqual([[{ text: "format" }]]);
});
