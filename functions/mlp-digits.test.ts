import { runLocally } from "sparegrid/testing";
import { expect, test } from "vitest";
import digitsPredict from "./digits-predict.ts";
import mlpDigits from "./mlp-digits.ts";
import { readNumbers, shardsOf } from "./test-support/data.ts";

const rows = readNumbers("digits.csv.gz");

test("a trained network is as good as scikit-learn's, and predicts as it was tested", () => {
  const { value: model, metrics } = runLocally(
    mlpDigits,
    rows,
    { trainRows: 1437 },
    { shards: shardsOf(rows, 300) },
  );
  const last = metrics.at(-1)!;
  expect(last.accuracy).toBeGreaterThan(0.985);
  expect(Math.abs(last.testAccuracy! - 0.914)).toBeLessThanOrEqual(0.01);
  expect(last.loss!).toBeLessThan(metrics[0]!.loss! / 10);

  const predicted = runLocally(digitsPredict, rows, {}, { uses: { model } });
  const right = predicted.filter(({ digit }, i) => digit === rows[i]![64]).length;
  expect(right / rows.length).toBeGreaterThan(0.96);
  for (const { digit, probabilities } of predicted) {
    expect(probabilities.reduce((sum, p) => sum + p)).toBeCloseTo(1, 9);
    expect(Math.max(...probabilities)).toBe(probabilities[digit]);
  }
});

test("the gradient is the slope of the loss (checked by differences)", () => {
  const few = rows.slice(0, 20);
  const params = { hidden: 5, scale: 16 };
  const context = {
    params: { classes: 10, rate: 0.01, rounds: 1, trainRows: 0, ...params },
    uses: {},
    shard: { index: 0, count: 1 },
    record: 0,
    round: 1,
    random: Math.random,
  };
  const definition = mlpDigits as unknown as {
    map(rows: Float64Array, state: object, context: object): { slope: Float64Array; loss: number };
  };
  const data = Object.assign(Float64Array.from(few.flat()), { width: 65, height: few.length });
  const weights = Float64Array.from(
    { length: 64 * 5 + 5 + 50 + 10 },
    (_, i) => Math.sin(i * 7.7) / 3,
  );
  const at = (values: Float64Array) =>
    definition.map(data, { inputs: 64, hidden: 5, classes: 10, weights: values }, context);
  const { slope } = at(weights);
  for (let i = 0; i < weights.length; i += 3) {
    const up = Float64Array.from(weights);
    const down = Float64Array.from(weights);
    up[i]! += 1e-5;
    down[i]! -= 1e-5;
    expect((at(up).loss - at(down).loss) / 2e-5).toBeCloseTo(slope[i]!, 4);
  }
});

test("the same seed gives the same network, another seed another one", () => {
  const train = (seed: number) =>
    runLocally(mlpDigits, rows.slice(0, 100), { rounds: 3 }, { seed }).value;
  expect(train(7)).toEqual(train(7));
  expect(train(7)).not.toEqual(train(8));
});
