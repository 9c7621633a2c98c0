import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deriveRate, medianOf, type Observed, type Rate } from "./derive.ts";

const operator = "acc_operator";
const seen = (owner: string, medianMicro: number, samples = 8): Observed => {
  return { owner, medianMicro, samples };
};
const base: Rate = { rateMicro: 1000, basis: "base" };
const own: Rate = { rateMicro: 1000, basis: "owners" };

describe("the rate of a version", () => {
  test("is calibrated on the operator's own machines, at once the first time", () => {
    expect(deriveRate(base, [seen(operator, 50_000)], operator)).toEqual({
      rateMicro: 50_000,
      basis: "reference",
    });
  });

  test("then changes to at most its double or half in a step", () => {
    const reference: Rate = { rateMicro: 1000, basis: "reference" };
    expect(deriveRate(reference, [seen(operator, 50_000)], operator)?.rateMicro).toBe(2000);
    expect(deriveRate(reference, [seen(operator, 1)], operator)?.rateMicro).toBe(500);
  });

  test("follows the median over three owners when the operator runs none of it", () => {
    const owners = [seen("a", 1500), seen("b", 1300), seen("c", 900_000)];
    expect(deriveRate(base, owners, operator)).toEqual({ rateMicro: 1500, basis: "owners" });
  });

  test("ignores strangers where the operator's own machines are known", () => {
    const owners = [seen("a", 9000), seen("b", 9000), seen("c", 9000), seen(operator, 1400)];
    expect(deriveRate(own, owners, operator)).toEqual({ rateMicro: 1400, basis: "reference" });
  });

  test("stays on the word of one or two owners, of few samples, or for little", () => {
    expect(deriveRate(own, [seen("a", 9000), seen("b", 9000)], operator)).toBeUndefined();
    expect(
      deriveRate(own, [seen("a", 9000), seen("b", 9000), seen("c", 9000, 7)], operator),
    ).toBeUndefined();
    expect(
      deriveRate(own, [seen("a", 1100), seen("b", 1100), seen("c", 1100)], operator),
    ).toBeUndefined();
    expect(deriveRate(base, [seen(operator, 1000)], operator)).toEqual({
      rateMicro: 1000,
      basis: "reference",
    });
  });

  test("no single owner moves it beyond what the others say", () => {
    const micro = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(
        fc.array(micro, { minLength: 2, maxLength: 9 }),
        micro,
        micro,
        (honest, lie, now) => {
          const others = honest.map((value, i) => seen(`acc_${i}`, value));
          const current: Rate = { rateMicro: now, basis: "owners" };
          const next =
            deriveRate(current, [...others, seen("liar", lie)], operator)?.rateMicro ?? now;
          expect(next).toBeLessThanOrEqual(Math.max(...honest, now));
          expect(next).toBeGreaterThanOrEqual(Math.min(...honest, now));
          expect(next).toBeLessThanOrEqual(now * 2 + 1);
          expect(next).toBeGreaterThanOrEqual(Math.floor(now / 2));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("the median of an even number is the lower middle one", () => {
    expect(medianOf([4, 1, 3, 2])).toBe(2);
    expect(medianOf([7])).toBe(7);
  });
});
