/** The numeric kernels hand-written for the peer: plain Node, no metering, no sandbox. Shapes as in bench/functions. */

export interface KMeansPartial {
  sums: Float64Array;
  counts: Float64Array;
}

export function kMeansMap(
  rows: Float64Array,
  d: number,
  from: number,
  to: number,
  centroids: Float64Array,
  k: number,
): KMeansPartial {
  const sums = new Float64Array(k * d);
  const counts = new Float64Array(k);
  for (let i = from; i < to; i++) {
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
}

export function logisticMap(
  rows: Float64Array,
  width: number,
  from: number,
  to: number,
  weights: Float64Array,
): Float64Array {
  const d = width - 1;
  const gradient = new Float64Array(d);
  for (let i = from; i < to; i++) {
    const at = i * width;
    let z = 0;
    for (let j = 0; j < d; j++) z += rows[at + j]! * weights[j]!;
    const error = 1 / (1 + Math.exp(-z)) - rows[at + d]!;
    for (let j = 0; j < d; j++) gradient[j]! += error * rows[at + j]!;
  }
  return gradient;
}
