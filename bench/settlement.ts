import { type System, startSystem } from "../tests/support/system.ts";
import { type Bench, type BenchOptions, ms, perSecond, type Row, times } from "./support/report.ts";
import { interleaved, median, quantile } from "./support/stats.ts";
import { publish, runToEnd } from "./support/submit.ts";

const rateReach = 0.95;
const submitMsReach = 5;
const budget = 100;

/**
 * What paying costs the engine: the same tiny tasks by jobs that pay ("everyone": a hold, settlements, the release) and
 * by jobs that do not ("own"), taking turns on one system; and how long a submit with its hold takes.
 */
export const settlement: Bench = {
  name: "settlement",
  about: "one-record tasks of jobs that pay against jobs that do not; submits with their holds",
  async run(options) {
    await using system = await startSystem();
    await publish(system, "bench/functions/increment.ts");
    return [await tinyTasks(system, options), await submits(system, options)];
  },
};

async function tinyTasks(system: System, { smoke, log }: BenchOptions): Promise<Row> {
  const count = smoke ? 1_000 : 20_000;
  const input = Array.from({ length: count }, (_, i) => i);
  const rate = async (pool: "everyone" | "own") => {
    const paying = pool === "own" ? {} : { budget };
    const request = { function: "increment", input, recordsPerTask: 1, pool, ...paying };
    return (count / (await runToEnd(system, request)).ms) * 1000;
  };
  await rate("own");
  const { on, off } = await interleaved(smoke ? 1 : 15, {
    on: () => rate("everyone"),
    off: () => rate("own"),
  });
  const ratio = median(on) / median(off);
  log(`credits on: ${perSecond(median(on))}, off: ${perSecond(median(off))}, n=${on.length} each`);
  return {
    measure: `${count} one-record tasks, credits on`,
    ours: perSecond(median(on)),
    peer: `${perSecond(median(off))} (credits off)`,
    ratio: times(ratio),
    reach: `≥ ${rateReach}×`,
    reached: ratio >= rateReach,
  };
}

/** One after the other, each cancelled again, so that no work of theirs is in the next one's way. */
async function submits(system: System, { smoke, log }: BenchOptions): Promise<Row> {
  const upload = Buffer.from("1\n2\n3");
  const dataset = await system.client.datasets.upload(upload, { name: "few", format: "ndjson" });
  const turns = smoke ? 20 : 300;
  const timed = async (pool: "everyone" | "own") => {
    const paying = pool === "own" ? {} : { budget };
    const start = performance.now();
    const request = { function: "increment", dataset: dataset.id, pool, ...paying };
    const { id } = await system.client.jobs.submit(request);
    const took = performance.now() - start;
    await system.client.jobs.cancel(id);
    return took;
  };
  await timed("everyone");
  const { held, free } = await interleaved(turns, {
    held: () => timed("everyone"),
    free: () => timed("own"),
  });
  const p50 = median(held);
  log(
    `submit with hold: p50 ${ms(p50)}, p99 ${ms(quantile(held, 0.99))}; without: p50 ${ms(median(free))}`,
  );
  return {
    measure: "submit, including the hold, p50",
    ours: ms(p50),
    peer: `${ms(median(free))} (no hold)`,
    ratio: times(p50 / median(free)),
    reach: `≤ ${submitMsReach} ms`,
    reached: p50 <= submitMsReach,
  };
}
