import { Readable } from "node:stream";
import { type System, startSystem } from "../tests/support/system.ts";
import { ComputeThreads, type Problem } from "./peers/compute-threads.ts";
import { type Bench, type BenchOptions, ms, type Row, times } from "./support/report.ts";
import { median } from "./support/stats.ts";
import { publish, runToEnd } from "./support/submit.ts";

const threads = 2;
const reach = 0.85;
/** Rounds at the start of each turn that are not counted: data is loaded and code compiled in them, on both sides. */
const warmRounds = 20;

/** Iterative numeric work on resident data: rounds of ours against hand-written threads, taking turns. */
export const compute: Bench = {
  name: "compute",
  about:
    "k-means and logistic regression rounds on resident data, against worker_threads over shared memory",
  async run(options) {
    await using system = await startSystem({ slots: threads });
    return [
      await contest(system, options, "k-means", { rows: 1_000_000, width: 16, k: 8 }),
      await contest(system, options, "logistic", { rows: 200_000, width: 33, k: 0 }),
    ];
  },
};

async function contest(
  system: System,
  { smoke, log }: BenchOptions,
  name: string,
  shape: Omit<Problem, "data">,
): Promise<Row> {
  const rows = smoke ? shape.rows / 20 : shape.rows;
  const problem = { ...shape, rows, data: randomRows(rows, shape.width, shape.k === 0) };
  await publish(system, `bench/functions/${name}.ts`);
  const bytes = Buffer.from(problem.data);
  const dataset = await system.client.datasets.upload(Readable.from(chunks(bytes)), {
    name,
    format: "matrix",
    encoding: "f64",
    columns: shape.width,
  });
  const peer = new ComputeThreads(problem, threads);
  const ours: number[] = [];
  const theirs: number[] = [];
  const turns = smoke ? 1 : 5;
  const rounds = smoke ? 22 : 60;
  for (let turn = 0; turn < turns; turn++) {
    const finished = await runToEnd(system, {
      function: name,
      dataset: dataset.id,
      params: { rounds },
    });
    ours.push(...finished.roundMs.slice(warmRounds));
    theirs.push(...(await peer.rounds(rounds)).slice(warmRounds));
  }
  await peer.close();
  const speed = median(theirs) / median(ours);
  log(
    `${name}: ours ${ms(median(ours))}, peer ${ms(median(theirs))}, n=${ours.length} rounds each`,
  );
  return {
    measure: `${name} n=${rows} d=${shape.width}, a round, ${threads} executors`,
    ours: ms(median(ours)),
    peer: `${ms(median(theirs))} (worker_threads, shared memory)`,
    ratio: times(speed),
    reach: `≥ ${reach}× its speed`,
    reached: speed >= reach,
  };
}

function randomRows(rows: number, width: number, labelled: boolean): SharedArrayBuffer {
  const data = new SharedArrayBuffer(rows * width * 8);
  const values = new Float64Array(data);
  let seed = 42;
  for (let i = 0; i < values.length; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    values[i] = (seed >>> 0) / 2 ** 32;
    if (labelled && i % width === width - 1) values[i] = values[i]! < 0.5 ? 0 : 1;
  }
  return data;
}

function* chunks(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.byteLength; at += 1 << 20) yield bytes.subarray(at, at + (1 << 20));
}
