/** Functions with enough work in them to be interrupted, and with floating-point sums that betray any regrouping. */
export const slowMap = `
import { lines, map } from "sparegrid";
export default map({
  title: "Slow map",
  input: lines(),
  params: { spin: 2000 },
  map(line, { params, random }) {
    let x = random();
    for (let i = 0; i < params.spin; i++) x = (x * 1.0000001 + i * 1e-9) % 1;
    return { line: line.length, x };
  },
});`;

export const floatSums = `
import { lines, mapReduce } from "sparegrid";
export default mapReduce({
  title: "Float sums",
  input: lines(),
  params: { spin: 2000 },
  reducers: 4,
  map(line, emit, { params }) {
    let x = 0;
    for (let i = 1; i < params.spin; i++) x += 1 / (i + line.length);
    emit("k" + (line.length % 40) + line.slice(-2), x * 1e-3 + line.length * 0.1);
  },
  reduce: (_key, values) => values.reduce((sum: number, value: number) => sum + value, 0),
  combine: true,
});`;

export const descent = `
import { iterate, matrix } from "sparegrid";
export default iterate({
  title: "Descent",
  input: matrix(),
  params: { rounds: 40, rate: 0.05 },
  init: ({ sample, random }) => ({ weights: new Float64Array(sample.width).fill(random()) }),
  map(rows, { weights }) {
    const d = rows.width;
    const gradient = new Float64Array(d);
    let loss = 0;
    for (let i = 0; i < rows.height; i++) {
      let z = -1;
      for (let j = 0; j < d; j++) z += rows[i * d + j]! * weights[j]!;
      loss += z * z;
      for (let j = 0; j < d; j++) gradient[j]! += z * rows[i * d + j]!;
    }
    return { gradient, loss, count: rows.height };
  },
  merge(a, b) {
    for (let j = 0; j < a.gradient.length; j++) a.gradient[j]! += b.gradient[j]!;
    return { gradient: a.gradient, loss: a.loss + b.loss, count: a.count + b.count };
  },
  step(state, total, { round, params }) {
    const weights = state.weights.slice();
    for (let j = 0; j < weights.length; j++) weights[j]! -= (params.rate * total.gradient[j]!) / total.count;
    return { state: { weights }, done: round >= params.rounds, metrics: { loss: total.loss / total.count } };
  },
});`;

/** A small deterministic generator for test data and for choosing what to break (mulberry32). */
export function seeded(seed: number): () => number {
  let a = seed | 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function linesOf(count: number, seed = 1): Buffer {
  const random = seeded(seed);
  const lines = Array.from(
    { length: count },
    (_, i) => `${i} ${"x".repeat(Math.floor(random() * 60))}`,
  );
  return Buffer.from(lines.join("\n"));
}

export function matrixOf(rows: number, columns: number, seed = 1): Buffer {
  const random = seeded(seed);
  const values = Float64Array.from({ length: rows * columns }, () => random());
  return Buffer.from(values.buffer);
}
