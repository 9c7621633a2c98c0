import { iterate, range } from "sparegrid";

/**
 * π from the share of random points of the unit square that lie in the quarter circle. Input: how many points. The
 * generator is sfc32 (Chris Doty-Humphrey, PractRand), seeded from the task's own randomness and written out in the
 * loop: it needs no call and no multiplication, so the loop runs at native speed.
 */
export default iterate({
  title: "Monte Carlo π",
  description: "Estimates π from as many random points as the input says.",
  input: range(),
  // Fixed, so that the same seed gives the same estimate however the work is planned.
  recordsPerTask: 1_000_000,
  roundsMax: 1,
  init: () => ({ inside: 0, points: 0 }),
  map({ from, to }, _state, { random }) {
    let a = (random() * 4294967296) | 0;
    let b = (random() * 4294967296) | 0;
    let c = (random() * 4294967296) | 0;
    let counter = 1;
    let inside = 0;
    // The first outputs still show the seed.
    for (let i = from - 12; i < to; i++) {
      let out = (((a + b) | 0) + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + out) | 0;
      const x = out * 2.3283064365386963e-10;
      out = (((a + b) | 0) + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + out) | 0;
      const y = out * 2.3283064365386963e-10;
      // x and y lie in [-½, ½): the circle of radius ½ fills π/4 of that square too.
      if (x * x + y * y < 0.25 && i >= from) inside++;
    }
    return { inside, points: to - from };
  },
  merge: (a, b) => ({ inside: a.inside + b.inside, points: a.points + b.points }),
  step: (_state, total) => ({
    state: total,
    done: true,
    metrics: { pi: (4 * total.inside) / total.points },
  }),
  finish({ inside, points }) {
    const share = inside / points;
    return {
      pi: 4 * share,
      standardError: 4 * Math.sqrt((share * (1 - share)) / points),
      inside,
      points,
    };
  },
  example: { input: 1000 },
});
