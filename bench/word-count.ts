import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { Piscina } from "piscina";
import { root, startSystem } from "../tests/support/system.ts";
import { addCounts, countWords } from "./peers/word-count.ts";
import { hasDask, startPython } from "./support/python-peer.ts";
import { type Bench, ms, type Row, times } from "./support/report.ts";
import { interleaved, median } from "./support/stats.ts";
import { publish, runToEnd } from "./support/submit.ts";

const threads = 2;

/** From a dataset that is uploaded to the result read, all contenders with the same map. */
export const wordCount: Bench = {
  name: "word-count",
  about: "word count of 100 MB against plain Node, piscina and dask, the same map function",
  async run({ smoke, log }) {
    const directory = await mkdtemp(path.join(os.tmpdir(), "sparegrid-words-"));
    const file = path.join(directory, "text.txt");
    const text = await novel(smoke ? 4_000_000 : 100_000_000);
    await writeFile(file, text);
    await using system = await startSystem({ slots: threads });
    const name = await publish(system, "functions/word-count.ts");
    const dataset = await system.client.datasets.upload(file, { name: "text", format: "lines" });
    const pool = new Piscina({
      filename: path.join(root, "bench/peers/word-count.ts"),
      minThreads: threads,
      maxThreads: threads,
    });
    const dask = hasDask()
      ? await startPython("word_count_dask.py", [file, String(threads)])
      : undefined;
    const expected = total(countWords(text.toString("utf8")));
    const turn: Record<string, () => Promise<number>> = {
      ours: async () => {
        const { ms: taken, result } = await runToEnd(system, {
          function: name,
          dataset: dataset.id,
        });
        check("ours", sumOfLines(result), expected);
        return taken;
      },
      node: async () => {
        const start = performance.now();
        check("node", total(countWords(await readFile(file, "utf8"))), expected);
        return performance.now() - start;
      },
      piscina: async () => {
        const start = performance.now();
        const bytes = await readFile(file);
        const counts = new Map<string, number>();
        const parts = await Promise.all(lineCuts(bytes).map((part) => pool.run(part)));
        for (const part of parts) addCounts(counts, part);
        check("piscina", total(counts), expected);
        return performance.now() - start;
      },
    };
    for (const way of ["bag", "fused"]) {
      if (dask) {
        turn[way] = async () => {
          const [taken, counted] = await dask.turn(way);
          check(way, counted!, expected);
          return taken!;
        };
      }
    }
    const taken = await interleaved(smoke ? 1 : 5, turn);
    await pool.destroy();
    await dask?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
    for (const [contender, values] of Object.entries(taken))
      log(`${contender}: ${ms(median(values))}`);
    const ours = median(taken.ours!);
    const row = (peer: string, about: string, reach?: number): Row => {
      const values = taken[peer];
      const ratio = values ? median(values) / ours : 0;
      return {
        measure: `word count ${Math.round(text.byteLength / 1e6)} MB, submit to result, ${threads} executors`,
        ours: ms(ours),
        peer: values ? `${ms(median(values))} (${about})` : `${about} is not installed`,
        ratio: values ? times(ratio) : "–",
        ...(reach === undefined
          ? { reach: "" }
          : { reach: `≥ ${reach}×`, reached: ratio >= reach }),
      };
    };
    return [
      row("node", "Node, one thread", 1.2),
      row("piscina", `piscina, ${threads} threads`, 0.95),
      row("bag", "dask.bag, the same map of a line", 1.8),
      row("fused", "dask futures, map and count written as one loop over a block"),
    ];
  },
};

async function novel(bytes: number): Promise<Buffer> {
  const once = gunzipSync(await readFile(path.join(root, "functions/data/moby-dick.txt.gz")));
  return Buffer.concat(Array.from({ length: Math.ceil(bytes / once.byteLength) }, () => once));
}

/** Slices of about 1 MB cut at line ends, each a copy so that it can be handed over. */
function lineCuts(bytes: Buffer): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const found = bytes.indexOf(10, Math.min(at + (1 << 20), bytes.byteLength));
    const end = found < 0 ? bytes.byteLength : found + 1;
    parts.push(new Uint8Array(bytes.subarray(at, end)));
    at = end;
  }
  return parts;
}

function total(counts: Map<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

function sumOfLines(result: Uint8Array): number {
  const lines = Buffer.from(result).toString("utf8").split("\n");
  return lines.reduce((sum, line) => sum + (line === "" ? 0 : Number(JSON.parse(line).value)), 0);
}

function check(who: string, counted: number, expected: number): void {
  if (counted !== expected) throw new Error(`${who} counted ${counted} words, not ${expected}`);
}
