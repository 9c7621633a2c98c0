import { runLocally } from "sparegrid/testing";
import { expect, test } from "vitest";
import digitsPredict from "./digits-predict.ts";

const model = {
  scale: 2,
  layers: [
    { inputs: 2, outputs: 3, weights: [1, -1, 0.5, 2, 1, -0.5], biases: [0, 0.25, -1] },
    { inputs: 3, outputs: 2, weights: [1, 0, 0, 2, 5, 5], biases: [0.5, 0] },
  ],
};

test("two layers, worked out by hand", () => {
  // Row [2, 4] / 2 = [1, 2]: hidden [1 + 4, -1 + 2 + 0.25, 0.5 - 1 - 1] → [5, 1.25, 0]; scores [5.5, 2.5].
  const [first] = runLocally(digitsPredict, [[2, 4, 99]], {}, { uses: { model } });
  expect(first!.digit).toBe(0);
  expect(first!.probabilities[0]).toBeCloseTo(1 / (1 + Math.exp(-3)), 12);
  expect(first!.probabilities[1]).toBeCloseTo(1 / (1 + Math.exp(3)), 12);
});

test("a row that is too short is said to be so", () => {
  expect(() => runLocally(digitsPredict, [[1]], {}, { uses: { model } })).toThrow(
    /a row has 1 values, the model takes 2/,
  );
});
