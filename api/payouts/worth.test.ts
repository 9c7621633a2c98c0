import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { minorPerCreditMax } from "../../protocol/http-payouts.ts";
import { microMax } from "../../protocol/money.ts";
import { millionths, worthOf } from "../../protocol/payout-worth.ts";
import { agreedWorth } from "./worth.ts";

const terms = (more: Partial<Parameters<typeof agreedWorth>[1]> = {}) => ({
  currency: "EUR",
  minorMillionthsPerCredit: 830_000, // 0.83 cents a credit
  minimumMicro: 0,
  feeMinor: 0,
  ...more,
});
const microArb = fc.integer({ min: 1, max: microMax });
const rateArb = fc.integer({ min: 1, max: minorPerCreditMax * millionths });

describe("the worth of credits", () => {
  test("is whole minor units, rounded down once, then less the fee", () => {
    expect(worthOf(100_000_000, terms())).toEqual({ grossMinor: 83, feeMinor: 0, amountMinor: 83 });
    expect(worthOf(99_999_999, terms()).grossMinor).toBe(82);
    expect(worthOf(100_000_000, terms({ feeMinor: 25 })).amountMinor).toBe(58);
  });

  test("is the floor of the exact product, for every amount and rate", () => {
    fc.assert(
      fc.property(microArb, rateArb, (micro, minorMillionthsPerCredit) => {
        const { grossMinor } = worthOf(micro, terms({ minorMillionthsPerCredit }));
        const exact = BigInt(micro) * BigInt(minorMillionthsPerCredit);
        const unit = 10n ** 12n;
        expect(Number.isSafeInteger(grossMinor)).toBe(true);
        expect(BigInt(grossMinor) * unit <= exact).toBe(true);
        expect(exact < (BigInt(grossMinor) + 1n) * unit).toBe(true);
      }),
    );
  });

  test("of parts is never more than that of the whole, and at most one unit a part less", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: microMax / 1000 }), { minLength: 1, maxLength: 20 }),
        rateArb,
        (parts, minorMillionthsPerCredit) => {
          const of = (micro: number) => worthOf(micro, terms({ minorMillionthsPerCredit }));
          const sum = parts.reduce((total, part) => total + of(part).grossMinor, 0);
          const whole = of(parts.reduce((total, part) => total + part, 0)).grossMinor;
          expect(sum).toBeLessThanOrEqual(whole);
          expect(whole - sum).toBeLessThan(parts.length);
        },
      ),
    );
  });
});

test("what is below the minimum, closed, or eaten by the fee is refused with the reason", () => {
  expect(() => agreedWorth(9_999_999, terms({ minimumMicro: 10_000_000 }))).toThrow(
    "at least 10 credits",
  );
  expect(() => agreedWorth(1, terms({ minorMillionthsPerCredit: 0 }))).toThrow("any more");
  expect(() => agreedWorth(10_000_000, terms({ feeMinor: 8 }))).toThrow("not worth more");
  expect(agreedWorth(10_000_000, terms({ feeMinor: 7 })).amountMinor).toBe(1);
});
