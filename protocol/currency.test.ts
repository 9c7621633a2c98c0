import fc from "fast-check";
import { expect, test } from "vitest";
import { currencySchema } from "./currency.ts";
import { decimalsOf, formatMinor, minorOf } from "./minor-units.ts";

test("currencies are those of ISO 4217, with their decimals", () => {
  expect(currencySchema.parse("EUR")).toBe("EUR");
  for (const wrong of ["eur", "EURO", "ZZZ", "", "€"])
    expect(currencySchema.safeParse(wrong).success).toBe(false);
  expect([decimalsOf("EUR"), decimalsOf("JPY"), decimalsOf("KWD")]).toEqual([2, 0, 3]);
});

test("money is written with its decimals and read back exactly", () => {
  expect(formatMinor(5, 2)).toBe("0.05");
  expect(formatMinor(1234, 0)).toBe("1234");
  expect(formatMinor(-1234, 2)).toBe("-12.34");
  expect(minorOf("0.0083", 2)).toBe(0.83);
  expect(minorOf("12", 2)).toBe(1200);
  expect(minorOf("12.5", 0)).toBe(12.5);
  for (const wrong of ["", "-1", "1e3", "NaN", "1,5", ".5"])
    expect(minorOf(wrong, 2)).toBeUndefined();
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 0, max: 4 }), (minor, decimals) => {
      expect(minorOf(formatMinor(minor, decimals), decimals)).toBe(minor);
    }),
  );
});
