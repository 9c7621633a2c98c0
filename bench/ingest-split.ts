import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDatasetIngest } from "../api/datasets/index.ts";
import type { IngestOptions } from "../api/ports.ts";
import { openStore } from "../api/store/open-store.ts";

/**
 * How fast uploads are split, hashed and stored, by format, over loopback HTTP with the client in the same process.
 * `node bench/ingest-split.ts [MB, 200]`; with REDIS_URL, into Redis.
 */
const megabytes = Number(process.argv[2] ?? 200);
const dataDir = await mkdtemp(join(tmpdir(), "sparegrid-bench-"));
const store = await openStore({ dataDir, redisUrl: process.env.REDIS_URL });
const { ingest } = createDatasetIngest({ blobs: store.blobs });

const rows: Record<string, (i: number) => string> = {
  lines: (i) => `the quick brown fox ${i} jumps over the lazy dog ${"x".repeat(i % 60)}`,
  text: (i) => `the quick brown fox ${i} jumps over the lazy dog ${"x".repeat(i % 60)}`,
  ndjson: (i) => JSON.stringify({ id: i, name: `user ${i}`, score: i / 3, tags: ["a", "b"] }),
  csv: (i) => `${i},user ${i},${i / 3},some text`,
  "csv quoted": (i) => `${i},"user ""${i}""",${i / 3},"some, text"`,
  matrix: (i) => `${i},${i / 8},${-i},0.${i},12,5,0,1`,
  "matrix f64": (i) => `${i}`.padStart(64),
};

for (const [name, row] of Object.entries(rows)) {
  const options: IngestOptions = {
    format: name.split(" ")[0] as IngestOptions["format"],
    onBadRecord: "refuse",
    ...(name === "matrix f64" ? { matrix: { encoding: "f64", columns: 8 } } : {}),
  };
  const end = name === "matrix f64" ? "" : "\n";
  const header = options.format === "csv" ? "a,b,c,d\n" : "";
  const parts: Buffer[] = [Buffer.from(header)];
  for (let i = 0, bytes = 0; bytes < megabytes * 1e6; ) {
    let part = "";
    while (part.length < 1e6) part += row(i++) + end;
    parts.push(Buffer.from(part));
    bytes += part.length;
  }
  await upload(parts.slice(0, 20), options);
  const began = performance.now();
  const bytes = await upload(parts, options);
  const mbPerSecond = bytes / 1e3 / (performance.now() - began);
  console.log(`${name.padEnd(12)} ${mbPerSecond.toFixed(0).padStart(5)} MB/s`);
}
await store.close();
await rm(dataDir, { recursive: true });

async function upload(parts: readonly Buffer[], options: IngestOptions): Promise<number> {
  const done = Promise.withResolvers<void>();
  const server = createServer((incoming, answer) => {
    ingest(incoming, options).then(() => done.resolve(), done.reject);
    done.promise.finally(() => answer.end()).catch(() => {});
  }).listen(0);
  const outgoing = request({ port: (server.address() as AddressInfo).port, method: "POST" });
  let bytes = 0;
  for (const part of parts) {
    bytes += part.length;
    if (!outgoing.write(part)) await new Promise((resolve) => outgoing.once("drain", resolve));
  }
  outgoing.end();
  await done.promise;
  server.close();
  return bytes;
}
