import { iterate, matrix } from "sparegrid";

/** Lloyd's algorithm for a fixed number of rounds: the same loops as the peer's in bench/peers/kernels.ts. */
export default iterate({
  title: "k-means (benchmark)",
  input: matrix(),
  params: { k: 8, rounds: 20 },
  init: ({ params, sample }) => ({ centroids: sample.slice(0, params.k * sample.width) }),
  map(rows, state, { params }) {
    const d = rows.width;
    const n = rows.height;
    const k = params.k;
    const { centroids } = state;
    const sums = new Float64Array(k * d);
    const counts = new Float64Array(k);
    for (let i = 0; i < n; i++) {
      const at = i * d;
      let best = 0;
      let bestDistance = Number.POSITIVE_INFINITY;
      for (let c = 0; c < k; c++) {
        const center = c * d;
        let distance = 0;
        for (let j = 0; j < d; j++) {
          const difference = rows[at + j]! - centroids[center + j]!;
          distance += difference * difference;
        }
        if (distance < bestDistance) {
          bestDistance = distance;
          best = c;
        }
      }
      counts[best]! += 1;
      const target = best * d;
      for (let j = 0; j < d; j++) sums[target + j]! += rows[at + j]!;
    }
    return { sums, counts };
  },
  merge(a, b) {
    for (let i = 0; i < a.sums.length; i++) a.sums[i]! += b.sums[i]!;
    for (let i = 0; i < a.counts.length; i++) a.counts[i]! += b.counts[i]!;
    return a;
  },
  step(state, { sums, counts }, { round, params }) {
    const d = sums.length / counts.length;
    const centroids = state.centroids.slice();
    for (let c = 0; c < counts.length; c++) {
      if (counts[c] === 0) continue;
      for (let j = 0; j < d; j++) centroids[c * d + j] = sums[c * d + j]! / counts[c]!;
    }
    return { state: { centroids }, done: round >= params.rounds };
  },
});
