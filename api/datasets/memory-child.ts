import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import type { DatasetFormat } from "../../protocol/manifest.ts";
import { openFileBlobs } from "../store/embedded/blobs.ts";
import { createDatasetIngest } from "./ingest.ts";

/**
 * Child of memory.test.ts: takes in a generated stream of the given format and size, and prints as JSON by how many MB
 * the process grew at most. `node memory-child.ts FORMAT MEGABYTES [gzip]`
 */
const [format = "lines", megabytes = "1", encoding] = process.argv.slice(2);
const dataDir = await mkdtemp(join(tmpdir(), "sparegrid-memory-"));
const blobs = await openFileBlobs(dataDir);
const { ingest } = createDatasetIngest({ blobs });

const rows: Record<string, (i: number) => string> = {
  lines: (i) => `line ${i} with some text that is not very long, éàü`,
  csv: (i) => `${i},"some ""quoted"", text",${i / 7}`,
  matrix: (i) => `${i},${i / 8},${-i}`,
  ndjson: (i) => JSON.stringify({ id: i, name: `user ${i}` }),
};

/** Made of one block whose first row counts up, since generating text leaves more garbage than taking it in. */
async function* body(bytes: number): AsyncGenerator<Uint8Array> {
  if (format === "csv") yield Buffer.from("a,b,c\n");
  const lines = Array.from({ length: 20_000 }, (_, i) => `${rows[format]!(i)}\n`);
  const block = Buffer.from(lines.join(""));
  for (let i = 0, sent = 0; sent < bytes; i++) {
    yield Buffer.from(`${rows[format]!(i)}\n`);
    for (let at = 0; at < block.length; at += 65_536) yield block.subarray(at, at + 65_536);
    sent += block.length;
  }
}

const options = { format: format as DatasetFormat, onBadRecord: "refuse" } as const;
await ingest(body(4_000_000), options);
const before = process.memoryUsage.rss();
let peak = before;
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 10);
const source = body(Number(megabytes) * 1_000_000);
const { records } =
  encoding === "gzip"
    ? await ingest(Readable.from(source).pipe(createGzip({ level: 1 })), {
        ...options,
        contentEncoding: "gzip",
      })
    : await ingest(source, options);
clearInterval(watch);
await rm(dataDir, { recursive: true });
console.log(JSON.stringify({ records, grewMb: (peak - before) / 1e6 }));
