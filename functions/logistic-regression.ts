import { iterate, matrix, param } from "sparegrid";

/**
 * Multinomial logistic regression by full-batch gradient descent with Nesterov's momentum (Nesterov 1983, the schedule
 * of Beck & Teboulle 2009). The loss is the mean of the log losses plus l2 / 2 · |weights|² / rows, so l2 is what
 * scikit-learn calls 1 / C; the biases are not penalised. Two classes take one row of weights (a sigmoid), more take
 * one each (a softmax).
 */
export default iterate({
  title: "Logistic regression",
  description: "Learns to tell classes apart. The last column of the matrix is the class, 0, 1, ….",
  input: matrix(),
  params: {
    classes: param.integer(2, { min: 2, title: "Classes" }),
    rate: param.number(0.5, { min: 0, title: "Learning rate" }),
    rounds: param.integer(200, { min: 1, title: "Rounds at most" }),
    tolerance: param.number(0, {
      min: 0,
      title: "Tolerance",
      description: "Ends when no slope is steeper",
    }),
    l2: param.number(1, { min: 0, title: "L2 penalty" }),
    scale: param.number(1, { title: "Scale", description: "Divides every feature" }),
    trainRows: param.integer(0, {
      min: 0,
      title: "Training rows",
      description: "The rows after these only test; 0: train with all",
    }),
  },
  init({ params, sample }) {
    const outputs = params.classes === 2 ? 1 : params.classes;
    const size = outputs * sample.width;
    return { weights: new Float64Array(size), ahead: new Float64Array(size), outputs };
  },
  /** The loss and its slope at `ahead`. Weights of a class: one for each feature, then the bias. */
  map(rows, { ahead, outputs }, { params, record }) {
    const { width, height } = rows;
    const features = width - 1;
    const inverse = 1 / params.scale;
    const slope = new Float64Array(ahead.length);
    const scores = new Float64Array(outputs);
    const total = { slope, loss: 0, rows: 0, right: 0, testRows: 0, testRight: 0 };
    const trainHeight = params.trainRows === 0 ? height : params.trainRows - record;
    for (let row = 0; row < height; row++) {
      const at = row * width;
      const label = rows[at + features]!;
      if (!(label >= 0 && label < params.classes && label % 1 === 0))
        throw new Error(`the class in row ${record + row} is ${label}`);
      let best = 0;
      for (let j = 0; j < outputs; j++) {
        const weight = j * width;
        let s0 = 0;
        let s1 = 0;
        let i = 0;
        for (; i < features - 1; i += 2) {
          s0 += rows[at + i]! * ahead[weight + i]!;
          s1 += rows[at + i + 1]! * ahead[weight + i + 1]!;
        }
        if (i < features) s0 += rows[at + i]! * ahead[weight + i]!;
        scores[j] = (s0 + s1) * inverse + ahead[weight + features]!;
        if (scores[j]! > scores[best]!) best = j;
      }
      const guess = outputs === 1 ? (scores[0]! > 0 ? 1 : 0) : best;
      if (row >= trainHeight) {
        total.testRows++;
        if (guess === label) total.testRight++;
        continue;
      }
      total.rows++;
      if (guess === label) total.right++;
      total.loss += toErrors(scores, label, best);
      for (let j = 0; j < outputs; j++) {
        const weight = j * width;
        const error = scores[j]! * inverse;
        for (let i = 0; i < features; i++) slope[weight + i]! += error * rows[at + i]!;
        slope[weight + features]! += scores[j]!;
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
  step({ weights, ahead, outputs }, total, { params, round }) {
    const width = ahead.length / outputs;
    const next = new Float64Array(ahead.length);
    const nextAhead = new Float64Array(ahead.length);
    const momentum = (round - 1) / (round + 2);
    let penalty = 0;
    let steepest = 0;
    for (let i = 0; i < ahead.length; i++) {
      const weight = ahead[i]!;
      const isBias = i % width === width - 1;
      const slope = (total.slope[i]! + (isBias ? 0 : params.l2 * weight)) / total.rows;
      if (!isBias) penalty += weight * weight;
      if (slope > steepest) steepest = slope;
      if (-slope > steepest) steepest = -slope;
      next[i] = weight - params.rate * slope;
      nextAhead[i] = next[i]! + momentum * (next[i]! - weights[i]!);
    }
    const loss = (total.loss + (params.l2 / 2) * penalty) / total.rows;
    if (!Number.isFinite(loss)) throw new Error("the loss overflowed: lower the rate");
    const metrics: Record<string, number> = { loss, accuracy: total.right / total.rows };
    if (total.testRows > 0) metrics.testAccuracy = total.testRight / total.testRows;
    return {
      state: { weights: next, ahead: nextAhead, outputs },
      done: round >= params.rounds || steepest <= params.tolerance,
      metrics,
    };
  },
  /** weights[class] = [one for each feature of the unscaled data …, bias]; two classes have one row, for class 1. */
  finish({ weights, outputs }, { params }) {
    const width = weights.length / outputs;
    const rows: number[][] = [];
    for (let j = 0; j < outputs; j++) {
      const row = Array.from(weights.subarray(j * width, (j + 1) * width));
      for (let i = 0; i < width - 1; i++) row[i]! /= params.scale;
      rows.push(row);
    }
    return { classes: params.classes, weights: rows };
  },
  example: {
    input: [
      [0, 1, 0],
      [1, 0, 1],
      [0.1, 0.8, 0],
      [0.9, 0.2, 1],
    ],
    params: { rounds: 5 },
  },
});

/** Turns scores into probability minus target, in place; returns the log loss. `best` has the highest score. */
function toErrors(scores: Float64Array, label: number, best: number): number {
  if (scores.length === 1) {
    const score = scores[0]!;
    const probability = 1 / (1 + Math.exp(-score));
    scores[0] = probability - label;
    return Math.log1p(Math.exp(-Math.abs(score))) + Math.max(score, 0) - label * score;
  }
  const top = scores[best]!;
  const target = scores[label]!;
  let sum = 0;
  for (let j = 0; j < scores.length; j++) {
    scores[j] = Math.exp(scores[j]! - top);
    sum += scores[j]!;
  }
  for (let j = 0; j < scores.length; j++) scores[j]! /= sum;
  scores[label]! -= 1;
  return Math.log(sum) + top - target;
}
