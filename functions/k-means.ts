import { iterate, matrix, param } from "sparegrid";

/**
 * Lloyd's algorithm (Lloyd 1982). Rows stay where they are; a round moves k centres out and k sums back. Distances are
 * taken in the data's own units and only what is reported is divided by `scale`, which saves a pass over the data.
 */
export default iterate({
  title: "k-means",
  description: "Groups the rows of a matrix around k centres.",
  input: matrix(),
  params: {
    k: param.integer(8, {
      min: 1,
      title: "Clusters",
      description: "When it changes while the job runs, the smallest go or the largest are split",
    }),
    rounds: param.integer(20, { min: 1, title: "Rounds at most" }),
    tolerance: param.number(1e-4, {
      title: "Tolerance",
      description: "Ends when centres move no more than this; below 0: after its rounds",
    }),
    init: param.list<number>([], {
      of: "number",
      title: "Initial centres",
      description: "k rows, one after the other; the first k rows of the data when empty",
    }),
    skipLast: param.boolean(false, { title: "Drop the last column", description: "A label, say" }),
    scale: param.number(1, { title: "Scale", description: "Divides every value" }),
  },
  init({ params, sample }) {
    const { k, scale } = params;
    const dimensions = params.skipLast ? sample.width - 1 : sample.width;
    const centres = new Float64Array(k * dimensions);
    if (params.init.length > 0) {
      if (params.init.length !== centres.length)
        throw new Error(`init has ${params.init.length} numbers, not ${k} × ${dimensions}`);
      for (let i = 0; i < centres.length; i++) centres[i] = params.init[i]! * scale;
    } else {
      if (sample.height < k)
        throw new Error(`the first shard has ${sample.height} rows, fewer than k; give init`);
      for (let j = 0; j < k; j++)
        for (let i = 0; i < dimensions; i++)
          centres[j * dimensions + i] = sample[j * sample.width + i]!;
    }
    return { centres, counts: new Float64Array(k), inertia: 0 };
  },
  map(rows, { centres, counts: { length: k } }) {
    const { width, height } = rows;
    const dimensions = centres.length / k;
    const sums = new Float64Array(k * dimensions);
    const counts = new Float64Array(k);
    const whole = dimensions - (dimensions % 4);
    let inertia = 0;
    for (let row = 0; row < height; row++) {
      const at = row * width;
      let nearest = 0;
      let least = Number.POSITIVE_INFINITY;
      for (let j = 0; j < k; j++) {
        const centre = j * dimensions;
        // Four sums of their own: additions of one sum would have to wait for each other.
        let d0 = 0;
        let d1 = 0;
        let d2 = 0;
        let d3 = 0;
        let i = 0;
        for (; i < whole; i += 4) {
          const e0 = rows[at + i]! - centres[centre + i]!;
          const e1 = rows[at + i + 1]! - centres[centre + i + 1]!;
          const e2 = rows[at + i + 2]! - centres[centre + i + 2]!;
          const e3 = rows[at + i + 3]! - centres[centre + i + 3]!;
          d0 += e0 * e0;
          d1 += e1 * e1;
          d2 += e2 * e2;
          d3 += e3 * e3;
        }
        for (; i < dimensions; i++) {
          const e = rows[at + i]! - centres[centre + i]!;
          d0 += e * e;
        }
        const distance = d0 + d1 + (d2 + d3);
        if (distance < least) {
          least = distance;
          nearest = j;
        }
      }
      inertia += least;
      counts[nearest]! += 1;
      const sum = nearest * dimensions;
      for (let i = 0; i < dimensions; i++) sums[sum + i]! += rows[at + i]!;
    }
    return { sums, counts, inertia };
  },
  merge(a, b) {
    for (let i = 0; i < a.sums.length; i++) a.sums[i]! += b.sums[i]!;
    for (let j = 0; j < a.counts.length; j++) a.counts[j]! += b.counts[j]!;
    return { sums: a.sums, counts: a.counts, inertia: a.inertia + b.inertia };
  },
  step({ centres }, { sums, counts, inertia }, { params, round }) {
    const { scale } = params;
    const k = counts.length;
    const dimensions = centres.length / k;
    const next = new Float64Array(centres.length);
    let moved = 0;
    for (let j = 0; j < k; j++) {
      let squares = 0;
      for (let i = j * dimensions; i < (j + 1) * dimensions; i++) {
        // A centre that lost all its rows stays where it is.
        const value = counts[j]! > 0 ? sums[i]! / counts[j]! : centres[i]!;
        next[i] = value;
        squares += (value - centres[i]!) * (value - centres[i]!);
      }
      moved = Math.max(moved, Math.sqrt(squares) / Math.abs(scale));
    }
    const scaled = inertia / (scale * scale);
    const rows = counts.reduce((sum, count) => sum + count, 0);
    const nearby = Math.sqrt(inertia / rows / dimensions) / 100;
    return {
      state: { ...resized(next, counts, params.k, nearby), inertia: scaled },
      done: (moved <= params.tolerance && params.k === k) || round >= params.rounds,
      metrics: { inertia: scaled, moved },
    };
  },
  finish({ centres, counts, inertia }, { params }) {
    const k = counts.length;
    const dimensions = centres.length / k;
    const rows: number[][] = [];
    for (let j = 0; j < k; j++) {
      const row: number[] = [];
      for (let i = 0; i < dimensions; i++) row.push(centres[j * dimensions + i]! / params.scale);
      rows.push(row);
    }
    return { centres: rows, counts, inertia };
  },
  example: {
    input: [
      [0, 0],
      [10, 10],
      [0, 1],
      [10, 11],
    ],
    params: { k: 2 },
  },
});

/** Takes the smallest clusters out, or splits the largest in two that lie `nearby`, until there are so many. */
function resized(
  centres: Float64Array<ArrayBuffer>,
  counts: Float64Array<ArrayBuffer>,
  wanted: number,
  nearby: number,
) {
  if (counts.length === wanted) return { centres, counts };
  const dimensions = centres.length / counts.length;
  const clusters: { centre: number[]; count: number }[] = [];
  for (let j = 0; j < counts.length; j++) {
    const centre: number[] = [];
    for (let i = 0; i < dimensions; i++) centre.push(centres[j * dimensions + i]!);
    clusters.push({ centre, count: counts[j]! });
  }
  while (clusters.length > wanted) clusters.splice(extreme(clusters, -1), 1);
  while (clusters.length < wanted) {
    const largest = clusters[extreme(clusters, 1)]!;
    largest.count /= 2;
    const centre = largest.centre.map((value) => value + nearby);
    clusters.push({ centre, count: largest.count });
  }
  return {
    centres: new Float64Array(clusters.flatMap(({ centre }) => centre)),
    counts: new Float64Array(clusters.map(({ count }) => count)),
  };
}

/** Place of the largest cluster (sign 1) or the smallest (-1), the first of those alike. */
function extreme(clusters: readonly { count: number }[], sign: number): number {
  let found = 0;
  for (let j = 1; j < clusters.length; j++)
    if (sign * clusters[j]!.count > sign * clusters[found]!.count) found = j;
  return found;
}
