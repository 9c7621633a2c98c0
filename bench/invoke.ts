import { type System, startSystem } from "../tests/support/system.ts";
import { type PeerServer, startPeerServer, startWorkerd } from "./support/peer-server.ts";
import { withRedis } from "./support/redis.ts";
import { type Bench, ms, perSecond, type Row, times } from "./support/report.ts";
import { median } from "./support/stats.ts";
import { publish } from "./support/submit.ts";
import { hasWrk, type Load, post } from "./support/wrk.ts";

const body = JSON.stringify({ input: [1, 2, 3] });
const peerOne = "hand-written Hono → WebSocket → isolate";
const peerFifty = "workerd";

/** A warm function called over HTTP, nothing else going on. */
export const invoke: Bench = {
  name: "invoke",
  about:
    "synchronous invoke over HTTP at concurrency 1 and 50, against hand-written, BullMQ and workerd",
  async run({ smoke, log }) {
    if (!hasWrk()) {
      log("wrk is not installed: its rows are left out");
      return [];
    }
    const targets: Record<string, { url: string; headers: Record<string, string> }> = {};
    const stops: (() => Promise<void>)[] = [];
    const addPeer = async (name: string, server: PeerServer) => {
      targets[name] = { url: server.url, headers: {} };
      stops.push(server.stop);
    };
    const addOurs = async (name: string, system: System) => {
      const fn = await publish(system, "bench/functions/increment.ts");
      const url = `${system.url}/v1/functions/${fn}/invoke`;
      targets[name] = { url, headers: { authorization: `Bearer ${system.key}` } };
      stops.push(() => system.stop());
    };
    const results: Record<string, { one: Load[]; fifty: Load[] }> = {};
    const measureAll = async () => {
      try {
        for (const [name, { url, headers }] of Object.entries(targets)) {
          await post(url, { body, headers, connections: 50, seconds: 1 });
          results[name] = { one: [], fifty: [] };
        }
        for (let turn = 0; turn < (smoke ? 1 : 5); turn++) {
          for (const [name, { url, headers }] of Object.entries(targets)) {
            const seconds = smoke ? 1 : 3;
            const one = await post(url, { body, headers, connections: 1, seconds });
            const fifty = await post(url, { body, headers, connections: 50, seconds });
            if (one.failures + fifty.failures > 0) throw new Error(`${name}: failed requests`);
            results[name]!.one.push(one);
            results[name]!.fifty.push(fifty);
          }
        }
      } finally {
        for (const stop of stops.reverse()) await stop();
      }
    };
    await addOurs("embedded", await startSystem());
    await addPeer(peerOne, await startPeerServer("invoke-direct.ts"));
    await addPeer(peerFifty, await startWorkerd());
    const withoutRedis = await withRedis(async (redis) => {
      await addOurs("Redis", await startSystem({ redisUrl: redis.url }));
      await addPeer(
        "BullMQ",
        await startPeerServer("invoke-bullmq.ts", [JSON.stringify(redis.connection)]),
      );
      await measureAll();
      return true;
    });
    if (!withoutRedis) await measureAll();
    for (const [name, { one, fifty }] of Object.entries(results)) {
      log(
        `${name}: p50 ${ms(median(one.map((load) => load.p50Ms)))}, at 50: ` +
          `${perSecond(median(fifty.map((load) => load.requestsPerSecond)))}, p99 ${ms(median(fifty.map((load) => load.p99Ms)))}`,
      );
    }
    return ["embedded", "Redis"].flatMap((store) => (results[store] ? rowsOf(results, store) : []));
  },
};

function rowsOf(results: Record<string, { one: Load[]; fifty: Load[] }>, store: string): Row[] {
  const p50 = (name: string) => median(results[name]!.one.map((load) => load.p50Ms));
  const rate = (name: string) => median(results[name]!.fifty.map((load) => load.requestsPerSecond));
  const p99 = median(results[store]!.fifty.map((load) => load.p99Ms));
  const reachMs = store === "embedded" ? 0.8 : 1;
  return [
    {
      measure: `warm invoke, concurrency 1, ${store}, p50`,
      ours: ms(p50(store)),
      peer: `${ms(p50(peerOne))} (${peerOne})`,
      ratio: times(p50(peerOne) / p50(store)),
      reach: `≤ ${reachMs} ms`,
      reached: p50(store) <= reachMs,
    },
    {
      measure: `warm invoke, concurrency 50, ${store}`,
      ours: `${perSecond(rate(store))}, p99 ${ms(p99)}`,
      peer: `${perSecond(rate(peerFifty))} (${peerFifty})`,
      ratio: times(rate(store) / rate(peerFifty)),
      reach: "≥ 10,000/s, p99 ≤ 20 ms",
      reached: rate(store) >= 10_000 && p99 <= 20,
    },
  ];
}
