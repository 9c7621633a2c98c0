import { runLocally } from "sparegrid/testing";
import { expect, test } from "vitest";
import kMeans from "./k-means.ts";
import { readNumbers, shardsOf } from "./test-support/data.ts";

test("digits: scikit-learn's inertia after as many iterations", () => {
  const shards = shardsOf(readNumbers("digits.csv.gz"), 200);
  const params = { k: 10, tolerance: 0, rounds: 100, skipLast: true, scale: 16 };
  const { value, rounds, metrics } = runLocally(kMeans, shards[0]!, params, { shards });
  expect(rounds).toBe(14);
  expect(value.inertia).toBeCloseTo(4561.950719, 6);
  expect(metrics.at(-1)).toEqual({ inertia: value.inertia, moved: 0 });
  expect(value.counts.reduce((sum, count) => sum + count)).toBe(1797);
  expect(value.centres.map((centre) => centre.length)).toEqual(Array(10).fill(64));
  for (const x of value.centres.flat()) expect(x >= 0 && x <= 1).toBe(true);
});

test("breast cancer, standardised: scikit-learn's inertia after as many iterations", () => {
  const rows = readNumbers("breast_cancer.csv", { skipLines: 1 });
  for (let column = 0; column < 30; column++) {
    const values = rows.map((row) => row[column]!);
    const mean = values.reduce((sum, x) => sum + x) / values.length;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    for (const row of rows) row[column] = (row[column]! - mean) / Math.sqrt(variance);
  }
  const params = { k: 2, tolerance: 0, rounds: 100, skipLast: true };
  const { value, rounds } = runLocally(kMeans, rows, params, { shards: shardsOf(rows, 64) });
  expect(rounds).toBe(9);
  expect(value.inertia).toBeCloseTo(11595.683313, 6);
});

test("given centres are in scaled units; a centre that has no rows stays", () => {
  const rows = [
    [0, 2],
    [2, 0],
    [20, 20],
  ];
  const params = { k: 3, init: [0, 0, 10, 10, 500, 500], scale: 2, tolerance: 0 };
  const { value } = runLocally(kMeans, rows, params);
  expect(value).toEqual({
    centres: [
      [0.5, 0.5],
      [10, 10],
      [500, 500],
    ],
    counts: [2, 1, 0],
    inertia: 1,
  });
});

test("it ends by tolerance or rounds, and says what is wrong with its parameters", () => {
  const rows = readNumbers("digits.csv.gz").slice(0, 500);
  expect(runLocally(kMeans, rows, { k: 10, rounds: 3, tolerance: 0 }).rounds).toBe(3);
  expect(runLocally(kMeans, rows, { k: 10, tolerance: 1e9 }).rounds).toBe(1);
  expect(() => runLocally(kMeans, [[1]], { k: 2 })).toThrow(/fewer than k/);
  expect(() => runLocally(kMeans, [[1]], { k: 2, init: [1] })).toThrow(/not 2 × 1/);
});

interface Centres {
  centres: Float64Array;
  counts: Float64Array;
}
type Step = (
  state: Centres & { inertia: number },
  total: { sums: Float64Array; counts: Float64Array; inertia: number },
  context: { params: object; round: number },
) => { state: Centres; done: boolean };

test("k may change between rounds: the smallest clusters go, the largest are split", () => {
  const rows = Array.from({ length: 60 }, (_, row) => [(row % 3) * 100 + (row % 7), row % 5]);
  const three = runLocally(kMeans, rows, { k: 3, tolerance: 0 }).value;
  const state = {
    centres: new Float64Array(three.centres.flat()),
    counts: new Float64Array(three.counts),
    inertia: three.inertia,
  };
  const total = {
    sums: state.centres.map((value, i) => value * state.counts[Math.floor(i / 2)]!),
    counts: new Float64Array(state.counts),
    inertia: three.inertia,
  };
  const params = { k: 5, rounds: 20, tolerance: 1, init: [], skipLast: false, scale: 1 };
  // A run by itself keeps its parameters, so the step is asked as a round of a job would.
  const { step } = kMeans as unknown as { step: Step };
  const more = step(state, total, { params, round: 4 });
  expect(more.done).toBe(false);
  expect(more.state.counts.length).toBe(5);
  expect(more.state.centres.length).toBe(10);
  expect(new Set(more.state.centres).size).toBeGreaterThan(6);
  const fewer = step(state, total, { params: { ...params, k: 2 }, round: 4 });
  expect([...fewer.state.centres]).toEqual(three.centres.slice(-2).flat());
});
