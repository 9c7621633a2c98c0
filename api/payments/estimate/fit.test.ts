import fc from "fast-check";
import { expect, test } from "vitest";
import { fitOf, rangeOf } from "./fit.ts";

const run = (records: number, fuel: number, rounds = 1) => ({ records, fuel, rounds });

test("what a pass takes besides its records is told apart by a larger sample", () => {
  const model = fitOf([run(100, 1500), run(100, 1500)], run(200, 2500));
  expect(model).toMatchObject({ constant: 500, perRecord: 10 });
  expect(rangeOf(model, 1_000_000).expected).toBe(10_000_500);
});

test("an iterative function is fitted by the round", () => {
  const model = fitOf([run(100, 3000, 3), run(100, 3000, 3)], run(200, 6000, 3));
  expect(rangeOf(model, 1000).expected).toBe(10_000);
});

test("the spread is that of the samples, at least a tenth, and a half for one sample", () => {
  expect(fitOf([run(100, 1000), run(100, 1000)], run(200, 2000)).spread).toBe(0.1);
  expect(fitOf([run(100, 500), run(100, 1500)], run(200, 2000)).spread).toBe(0.75);
  expect(fitOf([run(100, 1000)], undefined).spread).toBe(0.5);
});

test("a range has its expected value between its ends, and no value below zero", () => {
  const fuel = fc.integer({ min: 1, max: 1e12 });
  const records = fc.integer({ min: 1, max: 1e6 });
  const single = fc.record({ records, fuel, rounds: fc.integer({ min: 1, max: 5 }) });
  fc.assert(
    fc.property(
      fc.array(single, { minLength: 1, maxLength: 4 }),
      fc.option(single),
      records,
      (singles, joined, all) => {
        const { low, expected, high } = rangeOf(fitOf(singles, joined ?? undefined), all);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(expected).toBeGreaterThanOrEqual(low);
        expect(high).toBeGreaterThanOrEqual(expected);
      },
    ),
    { numRuns: 3000 },
  );
});
