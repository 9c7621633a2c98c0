import { parseArgs } from "node:util";
import { readLines, readNumbers } from "../functions/test-support/data.ts";
import type { Json } from "../protocol/job.ts";
import { startSystem } from "../tests/support/system.ts";
import { median } from "./support/stats.ts";
import { publish } from "./support/submit.ts";

/**
 * `node bench/rates.ts`: how long 10^9 fuel takes in published functions, called one at a time in a warm executor. Its
 * last line is where rateMicroDefault (protocol/limits.ts) comes from: 1 credit is 1 reference core-second.
 */
const { values } = parseArgs({ options: { smoke: { type: "boolean" } } });
const calls = values.smoke ? 1 : 9;
/** The first calls compile. */
const warmCalls = values.smoke ? 0 : 3;

const moby = readLines("moby-dick.txt.gz").slice(0, 1_000);
const digits = readNumbers("digits.csv.gz");
const tumours = readLines("breast_cancer.csv").slice(1);
const header = Array.from({ length: 31 }, (_, i) => `f${i}`).join(",");

const work: Record<string, { input: unknown; params?: Record<string, Json> }> = {
  "word-count": { input: moby },
  "inverted-index": { input: moby },
  grep: { input: moby, params: { pattern: "whale" } },
  "csv-group-by": {
    input: [header, ...tumours].join("\n"),
    params: { key: "f30", value: "f3" },
  },
  "k-means": { input: digits, params: { k: 10, rounds: 20 } },
  "logistic-regression": { input: digits, params: { classes: 10, rounds: 50 } },
  "mlp-digits": { input: digits, params: { rounds: 10 } },
  mandelbrot: { input: 400, params: { width: 600 } },
  "monte-carlo-pi": { input: 20_000_000 },
  "page-rank": {
    input: Array.from({ length: 20_000 }, (_, i) => `${i % 997} ${(i * 7919) % 1009}`),
  },
};

await using system = await startSystem({ slots: 1 });
const secondsAll: number[] = [];
for (const [name, { input, params = {} }] of Object.entries(work)) {
  await publish(system, `functions/${name}.ts`);
  const seconds: number[] = [];
  let fuelOfOne = 0;
  for (let call = 0; call < warmCalls + calls; call++) {
    const { fuel, ms } = await system.client.invoke(name, input, { params });
    if (ms === undefined) throw new Error(`${name} outlasted the wait for a call`);
    fuelOfOne = fuel;
    if (call >= warmCalls) seconds.push((ms / 1000) * (1e9 / fuel));
  }
  secondsAll.push(median(seconds));
  const each = `${median(seconds).toFixed(2)} s for 10^9 fuel (a call takes ${fuelOfOne})`;
  process.stdout.write(`${name.padEnd(20)} ${each}\n`);
}
process.stdout.write(
  `median over functions: ${median(secondsAll).toFixed(2)} core-seconds, so credits, for 10^9 fuel\n`,
);
