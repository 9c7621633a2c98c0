import { runLocally } from "sparegrid/testing";
import { expect, test } from "vitest";
import logisticRegression from "./logistic-regression.ts";
import { readNumbers, shardsOf } from "./test-support/data.ts";

test("digits: scikit-learn's accuracies, on the same split with the same penalty", () => {
  const rows = readNumbers("digits.csv.gz");
  const params = { classes: 10, scale: 16, trainRows: 1437, l2: 1, rate: 0.3, rounds: 300 };
  const { value, metrics } = runLocally(logisticRegression, rows, params, {
    shards: shardsOf(rows, 128),
  });
  const last = metrics.at(-1)!;
  expect(Math.abs(last.accuracy! - 0.9896)).toBeLessThan(0.005);
  expect(Math.abs(last.testAccuracy! - 0.9028)).toBeLessThan(0.005);
  expect(value.weights).toHaveLength(10);
  const row = rows[0]!;
  const scores = value.weights.map((weights) =>
    weights.reduce((sum, weight, i) => sum + weight * (i < 64 ? row[i]! : 1), 0),
  );
  expect(scores.indexOf(Math.max(...scores))).toBe(row[64]);
});

test("two classes take one row of weights, and its slope is zero at the end", () => {
  const rows = [
    [0, 0],
    [1, 0],
    [2, 1],
    [3, 0],
    [4, 1],
    [5, 1],
  ];
  const params = { rounds: 100_000, tolerance: 1e-10, rate: 0.2, l2: 0.5 };
  const { value, rounds, metrics } = runLocally(logisticRegression, rows, params);
  expect(rounds).toBeLessThan(100_000);
  const [w, bias] = value.weights[0]!;
  const errors = rows.map(([x, y]) => 1 / (1 + Math.exp(-(w! * x! + bias!))) - y!);
  const sum = (list: number[]) => list.reduce((total, x) => total + x, 0);
  expect(sum(errors)).toBeCloseTo(0, 8);
  expect(sum(errors.map((error, i) => error * rows[i]![0]!)) + 0.5 * w!).toBeCloseTo(0, 8);
  const losses = rows.map(([x, y]) => Math.log1p(Math.exp((1 - 2 * y!) * (w! * x! + bias!))));
  expect(metrics.at(-1)!.loss).toBeCloseTo((sum(losses) + 0.25 * w! * w!) / 6, 8);
});

test("a class out of range and a rate too high are said to be so", () => {
  expect(() => runLocally(logisticRegression, [[1, 2]])).toThrow(/the class in row 0 is 2/);
  const rows = readNumbers("digits.csv.gz").slice(0, 50);
  expect(() => runLocally(logisticRegression, rows, { classes: 10, rate: 1e300 })).toThrow(
    /lower the rate/,
  );
});
