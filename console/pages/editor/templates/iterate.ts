import { iterate, matrix, param } from "sparegrid";

/**
 * Rounds over the same data: fits y = a + b·x by gradient descent.
 * x is the first column, y the second.
 */
export default iterate({
  title: "Fit a line",
  input: matrix(),
  params: {
    rate: param.number(0.05, { min: 0, title: "Learning rate" }),
    rounds: param.integer(120, { min: 1, title: "Rounds at most" }),
  },
  // The state before the first round.
  init: () => ({ a: 0, b: 0 }),
  // One partial from each shard of the data.
  map(rows, { a, b }) {
    let da = 0;
    let db = 0;
    let loss = 0;
    for (let i = 0; i < rows.length; i += rows.width) {
      const x = rows[i]!;
      const error = a + b * x - rows[i + 1]!;
      da += error;
      db += error * x;
      loss += error * error;
    }
    return { da, db, loss, count: rows.height };
  },
  // Two partials into one. It must be associative.
  merge: (p, q) => ({
    da: p.da + q.da,
    db: p.db + q.db,
    loss: p.loss + q.loss,
    count: p.count + q.count,
  }),
  // The next state. Metrics are drawn as they come.
  step({ a, b }, { da, db, loss, count }, { params, round }) {
    const state = {
      a: a - (params.rate * da) / count,
      b: b - (params.rate * db) / count,
    };
    return {
      state,
      done: round >= params.rounds,
      metrics: { loss: loss / count },
    };
  },
  example: {
    input: [
      [0, 1.1],
      [1, 2.9],
      [2, 5.2],
      [3, 6.8],
      [4, 9.1],
    ],
  },
});
