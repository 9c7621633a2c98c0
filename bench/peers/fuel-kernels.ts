import ivm from "isolated-vm";
import { meterSource, preamble } from "../../api/functions/meter.ts";
import type { FuelTurn } from "../fuel.ts";

/** Numeric kernels as the bundler hands them to the meter; `run` is one turn and returns a number. */
const kernels: Record<string, string> = {
  "k-means": `
    const n = 40000, d = 16, k = 8;
    const rows = new Float64Array(n * d).map((_, i) => (i * 7919 % 1000) / 1000);
    const centroids = rows.slice(0, k * d);
    function run() {
      const sums = new Float64Array(k * d);
      for (let i = 0; i < n; i++) {
        const at = i * d;
        let best = 0, bestDistance = Infinity;
        for (let c = 0; c < k; c++) {
          const center = c * d;
          let distance = 0;
          for (let j = 0; j < d; j++) {
            const difference = rows[at + j] - centroids[center + j];
            distance += difference * difference;
          }
          if (distance < bestDistance) { bestDistance = distance; best = c; }
        }
        for (let j = 0; j < d; j++) sums[best * d + j] += rows[at + j];
      }
      return sums[0];
    }`,
  "logistic regression": `
    const n = 60000, d = 32;
    const rows = new Float64Array(n * (d + 1)).map((_, i) => (i * 7919 % 1000) / 1000);
    const weights = new Float64Array(d).fill(0.01);
    function run() {
      const gradient = new Float64Array(d);
      for (let i = 0; i < n; i++) {
        const at = i * (d + 1);
        let z = 0;
        for (let j = 0; j < d; j++) z += rows[at + j] * weights[j];
        const error = 1 / (1 + Math.exp(-z)) - rows[at + d];
        for (let j = 0; j < d; j++) gradient[j] += error * rows[at + j];
      }
      return gradient[0];
    }`,
  "matrix product": `
    const n = 160;
    const a = new Float64Array(n * n).map((_, i) => i % 13), b = new Float64Array(n * n).map((_, i) => i % 7);
    function run() {
      const c = new Float64Array(n * n);
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let l = 0; l < n; l++) sum += a[i * n + l] * b[l * n + j];
          c[i * n + j] = sum;
        }
      return c[5];
    }`,
  mandelbrot: `
    const size = 160, limit = 200;
    function run() {
      let total = 0;
      for (let y = 0; y < size; y++)
        for (let x = 0; x < size; x++) {
          const cr = (x / size) * 3 - 2, ci = (y / size) * 2.4 - 1.2;
          let zr = 0, zi = 0, i = 0;
          while (i < limit && zr * zr + zi * zi < 4) {
            const t = zr * zr - zi * zi + cr;
            zi = 2 * zr * zi + ci;
            zr = t;
            i++;
          }
          total += i;
        }
      return total;
    }`,
  "sum of a column": `
    const n = 400000, d = 8;
    const rows = new Float64Array(n * d).map((_, i) => i % 10);
    function run() {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += rows[i * d + 3];
      return sum;
    }`,
};

/** Calls a turn: one measurement is the mean of so many. */
const repeats = 20;

function compile(source: string, metered: boolean): () => void {
  const isolate = new ivm.Isolate({ memoryLimit: 512 });
  const context = isolate.createContextSync();
  const { code, names } = meterSource(`${source}\nexport { run as default };`);
  const body = metered
    ? `const runtime = { meter: new Float64Array([-1e15]), outOfFuel: new Error("fuel"), caught() {} };
       ${preamble(names, "runtime")}
       ${code}`
    : `${source}\nreturn run;`;
  const run = context.evalSync(`(() => { "use strict"; ${body} })()`, { reference: true });
  return () => run.applySync(undefined, [], { timeout: 60_000 });
}

const turns = Number(process.argv[2] ?? 9);
const results: FuelTurn[] = Object.entries(kernels).map(([kernel, source]) => {
  const contenders = { plainMs: compile(source, false), meteredMs: compile(source, true) };
  const taken = { plainMs: [] as number[], meteredMs: [] as number[] };
  for (let turn = -2; turn < turns; turn++) {
    for (const name of ["plainMs", "meteredMs"] as const) {
      const start = performance.now();
      for (let i = 0; i < repeats; i++) contenders[name]();
      if (turn >= 0) taken[name].push((performance.now() - start) / repeats);
    }
  }
  return { kernel, ...taken };
});
process.send!(results);
