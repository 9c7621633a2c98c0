import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  creditsOf,
  creditsSchema,
  formatCredits,
  microMax,
  microOf,
  positiveCreditsSchema,
} from "./money.ts";

const seed = Number(process.env.SEED ?? Date.now() % 1e9);

describe("credits and microcredits", () => {
  test("every decimal of six places is exact, both ways", () => {
    for (const micro of [
      0,
      1,
      7,
      10,
      299_999,
      300_000,
      1_000_000,
      1_234_567,
      999_999_999_999_999,
      microMax,
    ])
      expect(microOf(creditsOf(micro))).toBe(micro);
  });

  test(`random amounts of every size are exact, both ways (seed ${seed})`, () => {
    const options = { seed, numRuns: 20_000 };
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 0, max: 15 }), (number, digits) => {
        const micro = Math.abs(number) % (10 ** digits + 1);
        const credits = creditsOf(micro);
        expect(microOf(credits)).toBe(micro);
        expect(microOf(JSON.parse(JSON.stringify(credits)))).toBe(micro);
        expect(creditsSchema.parse(credits)).toBe(credits);
      }),
      options,
    );
  });

  test.each([
    ["less than nothing", -1],
    ["a microcredit less than nothing", -0.000001],
    ["no number", Number.NaN],
    ["without end", Number.POSITIVE_INFINITY],
    ["more than there may be", 1e10],
    ["a microcredit more than there may be", 1_000_000_000.000001],
    ["a tenth of a microcredit", 0.0000001],
    ["seven decimals", 1.2345678],
    ["seven decimals, just over half a million", 500_000.1234567],
    ["seven decimals, where a double still tells them apart", 999_999_999.1234567],
    ["half a microcredit more", 750_000_000.0000005],
    ["the double after one of six decimals", 0.1 + 0.2],
  ])("%s is no amount: %d", (_what, credits) => {
    expect(() => microOf(credits)).toThrow(RangeError);
    expect(creditsSchema.safeParse(credits).success).toBe(false);
    expect(positiveCreditsSchema.safeParse(credits).success).toBe(false);
  });

  test("nothing is an amount, but not where something must be paid", () => {
    expect(microOf(0)).toBe(0);
    expect(creditsSchema.safeParse(0).success).toBe(true);
    expect(positiveCreditsSchema.safeParse(0).success).toBe(false);
    expect(positiveCreditsSchema.safeParse(0.000001).success).toBe(true);
  });

  test("reads well", () => {
    expect(formatCredits(1_000_000)).toBe("1 credit");
    expect(formatCredits(1_234_560_000)).toBe("1,234.56 credits");
    expect(formatCredits(12)).toBe("0.000012 credits");
  });
});
