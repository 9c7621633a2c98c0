import { iterate, matrix, param } from "sparegrid";

/** Adam's constants (Kingma & Ba 2015, algorithm 1). */
const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

/**
 * A neural network of one hidden layer (rectified linear units, softmax), trained data-parallel: a round is one
 * full-batch gradient, each task's part computed where its rows are, and one step of Adam. All weights lie in one
 * array: inputs × hidden, hidden biases, hidden × classes, output biases.
 */
export default iterate({
  title: "Neural network for digits",
  description:
    "Trains a small neural network. The last column of the matrix is the class, 0, 1, ….",
  input: matrix(),
  params: {
    hidden: param.integer(64, { min: 1, max: 4096, title: "Hidden units" }),
    classes: param.integer(10, { min: 2, title: "Classes" }),
    rate: param.number(0.01, { min: 0, title: "Learning rate" }),
    rounds: param.integer(100, { min: 1, title: "Rounds" }),
    scale: param.number(16, { title: "Scale", description: "Divides every feature" }),
    trainRows: param.integer(0, {
      min: 0,
      title: "Training rows",
      description: "The rows after these only test; 0: train with all",
    }),
  },
  init({ params, sample, random }) {
    const { hidden, classes } = params;
    const inputs = sample.width - 1;
    const weights = new Float64Array(inputs * hidden + hidden + hidden * classes + classes);
    // He et al. 2015: a variance of 2 / inputs keeps the signal's size through rectified units.
    fill(weights, 0, inputs * hidden, Math.sqrt(6 / inputs), random);
    fill(weights, (inputs + 1) * hidden, hidden * classes, Math.sqrt(6 / hidden), random);
    const size = weights.length;
    const zeros = () => new Float64Array(size);
    return { inputs, hidden, classes, weights, mean: zeros(), square: zeros() };
  },
  map(rows, { inputs, hidden, classes, weights }, { params, record }) {
    const { width, height } = rows;
    const inverse = 1 / params.scale;
    const slope = new Float64Array(weights.length);
    const units = new Float64Array(hidden);
    const errors = new Float64Array(hidden);
    const scores = new Float64Array(classes);
    const biases1 = inputs * hidden;
    const layer2 = biases1 + hidden;
    const biases2 = layer2 + hidden * classes;
    const trainHeight = params.trainRows === 0 ? height : params.trainRows - record;
    const total = { slope, loss: 0, rows: 0, right: 0, testRows: 0, testRight: 0 };
    for (let row = 0; row < height; row++) {
      const at = row * width;
      const label = rows[at + inputs]!;
      if (!(label >= 0 && label < classes && label % 1 === 0))
        throw new Error(`the class in row ${record + row} is ${label}`);
      for (let h = 0; h < hidden; h++) units[h] = weights[biases1 + h]!;
      for (let i = 0; i < inputs; i++) {
        const x = rows[at + i]! * inverse;
        if (x === 0) continue;
        const from = i * hidden;
        for (let h = 0; h < hidden; h++) units[h]! += x * weights[from + h]!;
      }
      for (let c = 0; c < classes; c++) scores[c] = weights[biases2 + c]!;
      for (let h = 0; h < hidden; h++) {
        const unit = units[h]!;
        if (unit <= 0) {
          units[h] = 0;
          continue;
        }
        const from = layer2 + h * classes;
        for (let c = 0; c < classes; c++) scores[c]! += unit * weights[from + c]!;
      }
      let best = 0;
      for (let c = 1; c < classes; c++) if (scores[c]! > scores[best]!) best = c;
      if (row >= trainHeight) {
        total.testRows++;
        if (best === label) total.testRight++;
        continue;
      }
      total.rows++;
      if (best === label) total.right++;
      total.loss += toErrors(scores, label, best);
      for (let c = 0; c < classes; c++) slope[biases2 + c]! += scores[c]!;
      for (let h = 0; h < hidden; h++) {
        const unit = units[h]!;
        errors[h] = 0;
        if (unit === 0) continue;
        const from = layer2 + h * classes;
        let error = 0;
        for (let c = 0; c < classes; c++) {
          error += scores[c]! * weights[from + c]!;
          slope[from + c]! += scores[c]! * unit;
        }
        errors[h] = error;
        slope[biases1 + h]! += error;
      }
      for (let i = 0; i < inputs; i++) {
        const x = rows[at + i]! * inverse;
        if (x === 0) continue;
        const from = i * hidden;
        for (let h = 0; h < hidden; h++) slope[from + h]! += x * errors[h]!;
      }
    }
    return total;
  },
  merge(a, b) {
    for (let i = 0; i < a.slope.length; i++) a.slope[i]! += b.slope[i]!;
    return {
      slope: a.slope,
      loss: a.loss + b.loss,
      rows: a.rows + b.rows,
      right: a.right + b.right,
      testRows: a.testRows + b.testRows,
      testRight: a.testRight + b.testRight,
    };
  },
  step({ weights, mean, square, ...shape }, total, { params, round }) {
    const rate = (params.rate * Math.sqrt(1 - beta2 ** round)) / (1 - beta1 ** round);
    for (let i = 0; i < weights.length; i++) {
      const slope = total.slope[i]! / total.rows;
      mean[i] = beta1 * mean[i]! + (1 - beta1) * slope;
      square[i] = beta2 * square[i]! + (1 - beta2) * slope * slope;
      weights[i]! -= (rate * mean[i]!) / (Math.sqrt(square[i]!) + epsilon);
    }
    const loss = total.loss / total.rows;
    const metrics: Record<string, number> = { loss, accuracy: total.right / total.rows };
    if (total.testRows > 0) metrics.testAccuracy = total.testRight / total.testRows;
    return { state: { ...shape, weights, mean, square }, done: round >= params.rounds, metrics };
  },
  /** A model that digits-predict takes as its constant: weights[input × outputs + output], then biases. */
  finish({ inputs, hidden, classes, weights }, { params: { scale } }) {
    const layer2 = (inputs + 1) * hidden;
    const layer = (from: number, into: number, out: number) => ({
      inputs: into,
      outputs: out,
      weights: weights.slice(from, from + into * out),
      biases: weights.slice(from + into * out, from + (into + 1) * out),
    });
    return { scale, layers: [layer(0, inputs, hidden), layer(layer2, hidden, classes)] };
  },
  example: {
    input: [
      [16, 0, 0],
      [0, 16, 1],
    ],
    params: { hidden: 3, classes: 2, rounds: 2 },
  },
});

function fill(
  weights: Float64Array,
  from: number,
  count: number,
  bound: number,
  random: () => number,
): void {
  for (let i = from; i < from + count; i++) weights[i] = (2 * random() - 1) * bound;
}

/** Turns scores into probability minus target, in place; returns the log loss. `best` has the highest score. */
function toErrors(scores: Float64Array, label: number, best: number): number {
  const top = scores[best]!;
  const target = scores[label]!;
  let sum = 0;
  for (let c = 0; c < scores.length; c++) {
    scores[c] = Math.exp(scores[c]! - top);
    sum += scores[c]!;
  }
  for (let c = 0; c < scores.length; c++) scores[c]! /= sum;
  scores[label]! -= 1;
  return Math.log(sum) + top - target;
}
