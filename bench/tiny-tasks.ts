import { type System, startSystem } from "../tests/support/system.ts";
import { BullPeer } from "./peers/bullmq.ts";
import { hasDask, startPython } from "./support/python-peer.ts";
import { withRedis } from "./support/redis.ts";
import { type Bench, perSecond, type Row, times } from "./support/report.ts";
import { median, note } from "./support/stats.ts";
import { publish, runToEnd } from "./support/submit.ts";

/** Tasks of one record each, and the same work as it is cut by default. */
export const tinyTasks: Bench = {
  name: "tiny-tasks",
  about:
    "10,000 one-record tasks, results collected, against BullMQ; and records a second through normal sharding",
  async run({ smoke, log }) {
    const count = smoke ? 1_000 : 10_000;
    const turns = smoke ? 1 : 5;
    const rates: Record<string, number[]> = {};
    await withRedis(async (redis) => {
      await using embedded = await startSystem();
      await using onRedis = await startSystem({ redisUrl: redis.url });
      const bull = await BullPeer.start(redis.connection, 2);
      const dask = hasDask() ? await startPython("dask_rounds.py", ["2"]) : undefined;
      for (const system of [embedded, onRedis])
        await publish(system, "bench/functions/increment.ts");
      for (let turn = 0; turn < turns; turn++) {
        note(rates, "embedded", await tiny(embedded, count));
        note(rates, "Redis", await tiny(onRedis, count));
        const start = performance.now();
        await bull.runAll(count);
        note(rates, "BullMQ", (count / (performance.now() - start)) * 1000);
        if (dask) note(rates, "dask", (await dask.turn(`tasks ${count / 10}`))[0]!);
      }
      await bull.close();
      await dask?.[Symbol.asyncDispose]();
    });
    await using system = await startSystem();
    const records = smoke ? 100_000 : 2_000_000;
    await publish(system, "bench/functions/line-length.ts");
    const dataset = await system.client.datasets.upload(lines(records), {
      name: "lines",
      format: "lines",
    });
    for (let turn = 0; turn < turns; turn++) {
      const { ms } = await runToEnd(system, { function: "line-length", dataset: dataset.id });
      note(rates, "records", (records / ms) * 1000);
    }
    for (const [who, values] of Object.entries(rates)) log(`${who}: ${perSecond(median(values))}`);
    return rowsOf(rates, count, records);
  },
};

async function tiny(system: System, count: number): Promise<number> {
  const input = Array.from({ length: count }, (_, i) => i);
  const { ms, result } = await runToEnd(system, {
    function: "increment",
    input,
    recordsPerTask: 1,
  });
  const outputs = Buffer.from(result).toString("utf8").trimEnd().split("\n");
  if (outputs.length !== count || Number(outputs[count - 1]) !== count)
    throw new Error("wrong result");
  return (count / ms) * 1000;
}

function lines(count: number): Uint8Array {
  return Buffer.from(Array.from({ length: count }, (_, i) => `line ${i}`).join("\n"));
}

function rowsOf(rates: Record<string, number[]>, count: number, records: number): Row[] {
  const bull = rates.BullMQ ? median(rates.BullMQ) : undefined;
  const rows = ["embedded", "Redis"].flatMap((store): Row[] => {
    const values = rates[store];
    if (!values) return [];
    const ratio = bull ? median(values) / bull : 0;
    return [
      {
        measure: `${count} one-record tasks, ${store}, submit to results`,
        ours: perSecond(median(values)),
        peer: bull ? `${perSecond(bull)} (BullMQ)` : "BullMQ needs Redis",
        ratio: times(ratio),
        reach: "≥ 3×",
        reached: ratio >= 3,
      },
    ];
  });
  const sharded = median(rates.records!);
  rows.push({
    measure: `${records} tiny records, normal sharding, embedded`,
    ours: perSecond(sharded),
    peer: "–",
    ratio: "–",
    reach: "≥ 500,000/s",
    reached: sharded >= 500_000,
  });
  return rows;
}
