import { Readable } from "node:stream";
import { parseArgs } from "node:util";
import { readLines } from "../functions/test-support/data.ts";
import { versionRateSchema } from "../protocol/http.ts";
import type { Json } from "../protocol/job.ts";
import { type System, startSystem } from "../tests/support/system.ts";
import { median } from "./support/stats.ts";
import { runToEnd } from "./support/submit.ts";

/**
 * `node bench/rates.ts`: runs published functions as jobs on a runner of the operator's, as the reference is measured in
 * service, and prints the rate that the platform derives for each. The median of those that compute with numbers, in the
 * last line, is where baseRateMicro (api/payments/rates/base-rate.ts) comes from: 1 credit is 1 reference core-second.
 */
const { values } = parseArgs({ options: { smoke: { type: "boolean" } } });
const rounds = values.smoke ? 2 : 300;
const runs = values.smoke ? 1 : 3;
/** The API derives rates every ten seconds. */
const deriveMs = 12_000;

type Work = { params?: Record<string, Json>; input?: number; lines?: readonly string[] };

const moby = readLines("moby-dick.txt.gz");
const digits = readLines("digits.csv.gz");
const large = Array.from({ length: values.smoke ? 1 : 20 }, () => moby).flat();
const header = Array.from({ length: 31 }, (_, i) => `f${i}`).join(",");
const tumours = Array.from({ length: values.smoke ? 1 : 200 }, () =>
  readLines("breast_cancer.csv").slice(1),
).flat();
const edges = Array.from({ length: 50_000 }, (_, i) => `${i % 997} ${(i * 7919) % 1009}`);

const work: Record<string, [format: string, Work]> = {
  "word-count": ["lines", { lines: large }],
  "inverted-index": ["lines", { lines: large }],
  grep: ["lines", { lines: large, params: { pattern: "whale" } }],
  "csv-group-by": ["csv", { lines: [header, ...tumours], params: { key: "f30", value: "f3" } }],
  "k-means": ["matrix", { lines: digits, params: { k: 10, rounds, tolerance: 0 } }],
  "logistic-regression": ["matrix", { lines: digits, params: { classes: 10, rounds } }],
  "mlp-digits": ["matrix", { lines: digits, params: { rounds: Math.ceil(rounds / 10) } }],
  mandelbrot: ["", { input: values.smoke ? 20 : 1200, params: { width: 1600 } }],
  "monte-carlo-pi": ["", { input: values.smoke ? 1_000_000 : 300_000_000 }],
  "page-rank": ["lines", { lines: edges, params: { rounds: Math.ceil(rounds / 5), tolerance: 0 } }],
};

const numeric = new Set([
  "k-means",
  "logistic-regression",
  "mlp-digits",
  "mandelbrot",
  "monte-carlo-pi",
]);

await using system = await startSystem({ slots: 1 });
const versions = new Map<string, string>();
for (const [name, [format, { lines, ...request }]] of Object.entries(work)) {
  const { version } = await system.client.functions.publishFile(`functions/${name}.ts`);
  versions.set(name, version);
  const dataset = lines && (await upload(system, name, format, lines));
  const input = dataset === undefined ? {} : { dataset };
  for (let run = 0; run < runs; run++)
    await runToEnd(system, { function: name, ...input, ...request });
}
await new Promise((resolve) => setTimeout(resolve, deriveMs));
const rates: number[] = [];
for (const [name, version] of versions) {
  const { rate, basis } = await rateOf(system, version);
  if (basis === "reference" && numeric.has(name)) rates.push(rate);
  process.stdout.write(`${name.padEnd(20)} ${rate} credits for 10^9 fuel (${basis})\n`);
}
if (rates.length > 0)
  process.stdout.write(`median of those that compute with numbers: ${median(rates)}\n`);

async function upload(
  { client }: System,
  name: string,
  format: string,
  lines: readonly string[],
): Promise<string> {
  const body = Readable.from([lines.join("\n")]);
  return (await client.datasets.upload(body, { name, format: format as "lines" })).id;
}

async function rateOf({ url, key }: System, version: string) {
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(`${url}/v1/rates/${version}`, { headers });
  return versionRateSchema.parse(await response.json());
}
