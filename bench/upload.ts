import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { rssBytes, type System, startSystem } from "../tests/support/system.ts";
import { withRedis } from "./support/redis.ts";
import { type Bench, type Row, times } from "./support/report.ts";
import { median } from "./support/stats.ts";

/** Upload over loopback HTTP to stored, hashed shards, and what it does to the API's memory. */
export const upload: Bench = {
  name: "upload",
  about: "1 GB of lines over loopback HTTP to stored, hashed shards; the API's memory under 2 GB",
  async run({ smoke, log }) {
    const directory = await mkdtemp(path.join(os.tmpdir(), "sparegrid-upload-"));
    const file = path.join(directory, "lines.txt");
    const bytes = smoke ? 50_000_000 : 1_000_000_000;
    await writeLines(file, bytes);
    const turns = smoke ? 1 : 5;
    const rows: Row[] = [];
    const measure = async (system: System, store: string, reach: number) => {
      const rates: number[] = [];
      const hashRates: number[] = [];
      for (let turn = 0; turn < turns; turn++) {
        const id = `t${turn}`;
        const taken = await uploadFile(system, file, id);
        rates.push(bytes / 1e6 / (taken.ms / 1000));
        await system.client.datasets.delete(taken.id);
        hashRates.push(await hashRate(file, bytes));
      }
      log(
        `${store}: ${median(rates).toFixed(0)} MB/s; read and sha-256 alone ${median(hashRates).toFixed(0)} MB/s`,
      );
      rows.push({
        measure: `upload ${bytes / 1e6} MB of lines, ${store}`,
        ours: `${median(rates).toFixed(0)} MB/s`,
        peer: `${median(hashRates).toFixed(0)} MB/s (reading and hashing the file alone)`,
        ratio: times(median(rates) / median(hashRates)),
        reach: `≥ ${reach} MB/s`,
        reached: median(rates) >= reach,
      });
    };
    {
      await using system = await startSystem({ runner: false });
      await measure(system, "embedded", 250);
    }
    rows.push(await memory(file, bytes, smoke));
    await withRedis(async (redis) => {
      await using system = await startSystem({ redisUrl: redis.url, runner: false });
      await measure(system, "Redis", 300);
    });
    await rm(directory, { recursive: true });
    return rows;
  },
};

async function memory(file: string, bytes: number, smoke: boolean): Promise<Row> {
  await using system = await startSystem({ runner: false });
  const before = await rssBytes(system.apiPid);
  let peak = before;
  const timer = setInterval(async () => {
    peak = Math.max(peak, await rssBytes(system.apiPid));
  }, 20);
  for (let part = 0; part < 2; part++) await uploadFile(system, file, `m${part}`);
  clearInterval(timer);
  const grown = (peak - before) / 1e6;
  return {
    measure: `API memory while ${(2 * bytes) / 1e6} MB are uploaded`,
    ours: `+${grown.toFixed(0)} MB`,
    peer: "–",
    ratio: "–",
    reach: "≤ 150 MB",
    reached: smoke || grown <= 150,
  };
}

/** One streamed upload with node:http, the leanest client there is. */
async function uploadFile(
  system: System,
  file: string,
  name: string,
): Promise<{ ms: number; id: string }> {
  const start = performance.now();
  const request = http.request(`${system.url}/v1/datasets?name=${name}&format=lines`, {
    method: "POST",
    headers: { authorization: `Bearer ${system.key}`, "content-type": "application/octet-stream" },
  });
  const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
    request.on("error", reject);
    request.on("response", async (response) => {
      let text = "";
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode ?? 0, text });
    });
  });
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), request);
  const { status, text } = await answered;
  if (status !== 201) throw new Error(`upload answered ${status}: ${text}`);
  return { ms: performance.now() - start, id: (JSON.parse(text) as { id: string }).id };
}

async function hashRate(file: string, bytes: number): Promise<number> {
  const start = performance.now();
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), createHash("sha256"));
  return bytes / 1e6 / ((performance.now() - start) / 1000);
}

async function writeLines(file: string, bytes: number): Promise<void> {
  const handle = await open(file, "w");
  for (let written = 0, line = 0; written < bytes; ) {
    let text = "";
    while (text.length < 1 << 20)
      text += `${line++} the quick brown fox jumps over the lazy dog, again and again\n`;
    await handle.write(text);
    written += text.length;
  }
  await handle.close();
}
