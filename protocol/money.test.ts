import { describe, expect, test } from "vitest";
import { creditsOf, creditsSchema, formatCredits, microMax, microOf } from "./money.ts";

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
    expect(microOf(0.1 + 0.2)).toBe(300_000);
  });

  test.each([-1, -0.000001, Number.NaN, Number.POSITIVE_INFINITY, 1e10, 0.0000001, 1.2345678])(
    "%d is no amount",
    (credits) => {
      expect(() => microOf(credits)).toThrow(RangeError);
      expect(creditsSchema.safeParse(credits).success).toBe(false);
    },
  );

  test("reads well", () => {
    expect(formatCredits(1_000_000)).toBe("1 credit");
    expect(formatCredits(1_234_560_000)).toBe("1,234.56 credits");
    expect(formatCredits(12)).toBe("0.000012 credits");
  });
});
