import { countNewlines } from "../api/datasets/count-newlines.ts";

/** The ways to count lines and to validate NDJSON that api/datasets chose between. `node bench/ingest-scan.ts` */
const rows = (row: (i: number) => string) =>
  Buffer.from(Array.from({ length: 12_000 }, (_, i) => row(i)).join("\n"));
const lines = rows((i) => `the quick brown fox ${i} jumps over the lazy dog ${"x".repeat(i % 60)}`);
const json = rows((i) =>
  JSON.stringify({ id: i, name: `user ${i}`, score: i * 1.37, tags: ["a"] }),
);

function byteLoop(bytes: Buffer): number {
  let count = 0;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === 10) count++;
  return count;
}

function bufferIndexOf(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}

function jsonByLine(bytes: Buffer): number {
  let count = 0;
  for (const line of bytes.toString().split("\n")) if (JSON.parse(line) !== undefined) count++;
  return count;
}

function jsonAsOneArray(bytes: Buffer): number {
  const values: unknown = JSON.parse(`[${bytes.toString().replaceAll("\n", ",")}]`);
  return Array.isArray(values) ? values.length : 0;
}

for (const [bytes, ways] of [
  [lines, [countNewlines, byteLoop, bufferIndexOf]],
  [json, [jsonByLine, jsonAsOneArray]],
] as const)
  for (const way of ways) {
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 200; i++) {
      const began = performance.now();
      way(bytes);
      best = Math.min(best, performance.now() - began);
    }
    console.log(
      `${way.name.padEnd(16)} ${(bytes.length / 1e3 / best).toFixed(0).padStart(6)} MB/s`,
    );
  }
