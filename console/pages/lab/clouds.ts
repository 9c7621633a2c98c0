/** Points in clouds around random centres: a dataset for clustering that shows what there is to find. Pure. */
export interface Clouds {
  points: readonly (readonly [number, number])[];
}

export interface CloudSettings {
  clouds: number;
  points: number;
  seed: number;
}

export function cloudsOf({ clouds, points, seed }: CloudSettings): Clouds {
  const random = mulberry32(seed);
  const centres = Array.from({ length: clouds }, () => ({
    x: 10 + 80 * random(),
    y: 10 + 80 * random(),
    spread: 2 + 5 * random(),
  }));
  return {
    points: Array.from({ length: points }, () => {
      const { x, y, spread } = centres[Math.floor(random() * clouds)] ?? {
        x: 50,
        y: 50,
        spread: 5,
      };
      const [a, b] = normalPair(random);
      return [round(x + spread * a), round(y + spread * b)] as const;
    }),
  };
}

export function csvOf({ points }: Clouds): string {
  return points.map((point) => `${point.join(",")}\n`).join("");
}

const round = (value: number) => Math.round(value * 1000) / 1000;

/** Box & Muller 1958. */
function normalPair(random: () => number): [number, number] {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  const angle = 2 * Math.PI * random();
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

/** Tommy Ettinger's mulberry32: small, and good enough for points on a screen. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
