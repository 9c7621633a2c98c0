import { iterate, matrix } from "sparegrid";

/** Binary logistic regression by full-batch gradient descent, label in the last column; loops as the peer's. */
export default iterate({
  title: "Logistic regression (benchmark)",
  input: matrix(),
  params: { rounds: 20, rate: 0.1 },
  init: ({ sample }) => ({ weights: new Float64Array(sample.width - 1) }),
  map(rows, state) {
    const width = rows.width;
    const d = width - 1;
    const n = rows.height;
    const { weights } = state;
    const gradient = new Float64Array(d);
    for (let i = 0; i < n; i++) {
      const at = i * width;
      let z = 0;
      for (let j = 0; j < d; j++) z += rows[at + j]! * weights[j]!;
      const error = 1 / (1 + Math.exp(-z)) - rows[at + d]!;
      for (let j = 0; j < d; j++) gradient[j]! += error * rows[at + j]!;
    }
    return { gradient, count: n };
  },
  merge(a, b) {
    for (let j = 0; j < a.gradient.length; j++) a.gradient[j]! += b.gradient[j]!;
    return { gradient: a.gradient, count: a.count + b.count };
  },
  step(state, total, { round, params }) {
    const weights = state.weights.slice();
    for (let j = 0; j < weights.length; j++) {
      weights[j]! -= (params.rate * total.gradient[j]!) / total.count;
    }
    return { state: { weights }, done: round >= params.rounds };
  },
});
