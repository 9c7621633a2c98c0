import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCsv, toRecord } from "./csv.ts";

const field = fc.string({ unit: fc.constantFrom("a", "b", '"', ",", "\n", " ", "é") });
const table = fc.array(fc.array(field, { minLength: 1, maxLength: 5 }), { minLength: 1 });
const quoteAlways = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const quoteNeeded = (text: string): string => (/[",\n]/.test(text) ? quoteAlways(text) : text);

describe("CSV", () => {
  test("reads back what RFC 4180 writes, quoted where needed or everywhere", () => {
    fc.assert(
      fc.property(table, (rows) => {
        for (const quote of [quoteAlways, quoteNeeded]) {
          const text = rows.map((row) => row.map(quote).join(",")).join("\n");
          expect(parseCsv(text)).toEqual(rows);
        }
      }),
      { verbose: 1 },
    );
  });

  test("reads unquoted text as a split by lines and commas does, on both paths", () => {
    const plain = fc.string({ unit: fc.constantFrom("a", "1", ",", "\n", " ") });
    fc.assert(
      fc.property(plain, (text) => {
        const naive = text.split("\n").map((line) => line.split(","));
        expect(parseCsv(text)).toEqual(naive);
        expect(parseCsv(`${text}\n"x"`)).toEqual([...naive, ["x"]]);
      }),
    );
  });

  test("is lenient with stray quotes", () => {
    expect(parseCsv('a"b,"c"d,"e')).toEqual([['a"b', "cd", "e"]]);
  });

  test("makes records by column; missing fields are empty", () => {
    expect(toRecord(["a", "b"], ["1"])).toEqual({ a: "1", b: "" });
    expect(Object.keys(toRecord(["__proto__"], ["x"]))).toEqual(["__proto__"]);
  });
});
