import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { difference, nothing, splitOf, sum, type Terms, totalOf } from "./split.ts";

const runs = { numRuns: 3000 };

const anyTerms: fc.Arbitrary<Terms> = fc.record({
  rateMicro: fc.integer({ min: 1, max: 1_000_000_000 }),
  bidHundredths: fc.integer({ min: 10, max: 10_000 }),
  royaltyBasisPoints: fc.integer({ min: 0, max: 10_000 }),
  feeBasisPoints: fc.integer({ min: 0, max: 10_000 }),
});
const anyFuel = fc.integer({ min: 0, max: 1_000_000_000_000 });

const plain: Terms = {
  rateMicro: 2_000_000,
  bidHundredths: 100,
  royaltyBasisPoints: 1000,
  feeBasisPoints: 500,
};

describe("the split of what work costs", () => {
  test("is the published one: work by fuel, rate and bid; royalty and fee on top", () => {
    expect(splitOf(1_000_000_000, plain)).toEqual({
      workMicro: 2_000_000,
      royaltyMicro: 200_000,
      feeMicro: 100_000,
    });
    expect(splitOf(1_000_000_000, { ...plain, bidHundredths: 250 }).workMicro).toBe(5_000_000);
    expect(splitOf(499, plain)).toEqual(nothing);
    expect(splitOf(500, plain)).toEqual({ workMicro: 1, royaltyMicro: 0, feeMicro: 0 });
  });

  test("comes to the same in whatever steps the fuel is settled", () => {
    fc.assert(
      fc.property(anyTerms, fc.array(anyFuel, { maxLength: 20 }), (terms, steps) => {
        let fuel = 0;
        let paid = nothing;
        for (const step of steps) {
          const part = difference(splitOf(fuel + step, terms), splitOf(fuel, terms));
          for (const micro of Object.values(part)) expect(micro).toBeGreaterThanOrEqual(0);
          paid = sum(paid, part);
          fuel += step;
        }
        expect(paid).toEqual(splitOf(fuel, terms));
      }),
      runs,
    );
  });

  test("never takes more than the exact price, nor a whole microcredit less for each receiver", () => {
    fc.assert(
      fc.property(anyTerms, anyFuel, (terms, fuel) => {
        const { workMicro, royaltyMicro, feeMicro } = splitOf(fuel, terms);
        const scaled = BigInt(fuel) * BigInt(terms.rateMicro) * BigInt(terms.bidHundredths);
        const rest = scaled - BigInt(workMicro) * 100_000_000_000n;
        expect(rest >= 0n && rest < 100_000_000_000n).toBe(true);
        for (const [micro, points] of [
          [royaltyMicro, terms.royaltyBasisPoints],
          [feeMicro, terms.feeBasisPoints],
        ] as const) {
          const left = BigInt(workMicro) * BigInt(points) - BigInt(micro) * 10_000n;
          expect(left >= 0n && left < 10_000n).toBe(true);
        }
        expect(totalOf({ workMicro, royaltyMicro, feeMicro })).toBe(
          workMicro + royaltyMicro + feeMicro,
        );
      }),
      runs,
    );
  });
});
