import { runLocally } from "sparegrid/testing";
import { expect, test } from "vitest";
import monteCarloPi from "./monte-carlo-pi.ts";

test("20 million points give π within four standard errors, for several seeds", () => {
  const estimates = [1, 2, 3, 4, 5].map((seed) => {
    const { value, rounds } = runLocally(monteCarloPi, 20_000_000, {}, { seed });
    expect(rounds).toBe(1);
    expect(value.points).toBe(20_000_000);
    expect(value.standardError).toBeCloseTo(Math.sqrt((Math.PI * (4 - Math.PI)) / 20_000_000), 5);
    expect(Math.abs(value.pi - Math.PI)).toBeLessThan(4 * value.standardError);
    return value.pi;
  });
  expect(new Set(estimates).size).toBe(5);
});

test("tasks of many seeds are as good as one: their errors average out", () => {
  const shards = Array.from({ length: 500 }, () => 10_000);
  const { value } = runLocally(monteCarloPi, 10_000, {}, { shards });
  expect(value.points).toBe(5_000_000);
  expect(Math.abs(value.pi - Math.PI)).toBeLessThan(4 * value.standardError);
});
