import { type System, startSystem } from "../tests/support/system.ts";
import { BullPeer } from "./peers/bullmq.ts";
import { RedisListPeer } from "./peers/redis-list.ts";
import { hasDask, startPython } from "./support/python-peer.ts";
import { withRedis } from "./support/redis.ts";
import { type Bench, ms, type Row, times } from "./support/report.ts";
import { median, note } from "./support/stats.ts";
import { publish, runToEnd } from "./support/submit.ts";

const tasks = 16;

/** The time of a round that computes nothing: what iterating costs. */
export const emptyRound: Bench = {
  name: "empty-round",
  about:
    "overhead of an empty round (16 tasks, merge, step), against dask, BullMQ and a bare Redis list",
  async run({ smoke, log }) {
    const rounds = smoke ? 20 : 1000;
    const turns = smoke ? 1 : 5;
    const peers: Record<string, number[]> = {};
    const rows: Row[] = [];
    const contenders: Record<string, () => Promise<number>> = {};
    const measure = async (system: System) => {
      const name = await publish(system, "bench/functions/empty-round.ts");
      const request = { function: name, input: tasks, recordsPerTask: 1, params: { rounds } };
      const medians: number[] = [];
      for (let turn = 0; turn < turns; turn++) {
        const { roundMs } = await runToEnd(system, request);
        medians.push(median(roundMs.slice(5)));
        for (const [peer, round] of Object.entries(contenders)) note(peers, peer, await round());
      }
      return median(medians);
    };
    const dask = hasDask() ? await startPython("dask_rounds.py", ["2"]) : undefined;
    if (dask)
      contenders["dask.distributed"] = async () =>
        (await dask.turn(`rounds ${smoke ? 5 : 20}`))[0]!;
    const embedded = await (async () => {
      await using system = await startSystem();
      return await measure(system);
    })();
    await dask?.[Symbol.asyncDispose]();
    delete contenders["dask.distributed"];
    rows.push(row("embedded", embedded, 1.5, peers, "dask.distributed"));
    const redis = await withRedis(async (redis) => {
      const bull = await BullPeer.start(redis.connection, 2);
      const list = await RedisListPeer.start(redis.connection, 2);
      contenders.BullMQ = () => timed(rounds / 20, () => bull.runAll(tasks));
      contenders["bare Redis list"] = () => timed(rounds / 20, () => list.round(tasks));
      await using system = await startSystem({ redisUrl: redis.url });
      const result = await measure(system);
      await bull.close();
      await list.close();
      return result;
    });
    if (redis !== undefined) {
      rows.push(
        row("Redis", redis, 3, peers, "BullMQ"),
        row("Redis", redis, 3, peers, "bare Redis list"),
      );
    }
    for (const [peer, values] of Object.entries(peers))
      log(`${peer}: ${ms(median(values))} a round`);
    return rows;
  },
};

async function timed(count: number, round: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await round();
    taken.push(performance.now() - start);
  }
  return median(taken);
}

function row(
  store: string,
  ours: number,
  reachMs: number,
  peers: Record<string, number[]>,
  peer: string,
): Row {
  const values = peers[peer];
  return {
    measure: `empty round, ${tasks} tasks, ${store}`,
    ours: ms(ours),
    peer: values ? `${ms(median(values))} (${peer})` : `${peer} is not installed`,
    ratio: values ? times(median(values) / ours) : "–",
    reach: `≤ ${reachMs} ms`,
    reached: ours <= reachMs,
  };
}
