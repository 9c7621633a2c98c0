import { bytes, count, duration, plural, short } from "../client/cli/format.ts";
import type { Client, ResultOf } from "../client/index.ts";
import type wordCount from "../functions/word-count.ts";
import { repeatedText, textPath } from "./data.ts";
import { functionOf, onAnyMachine, runLive } from "./live-job.ts";
import type { Stage } from "./stage.ts";

const copies = 40;
const shown = 10;

/** Counts the words of Moby-Dick, then of forty copies of it, so that throughput means something. */
export async function countWords(client: Client, stage: Stage, signal: AbortSignal): Promise<void> {
  stage.chapter("Count the words of Moby-Dick");
  const book = await stage.step("upload it, compressed as it is", async () => {
    const uploaded = await client.datasets.upload(textPath, {
      name: "moby-dick",
      format: "lines",
      contentEncoding: "gzip",
      signal,
    });
    return [uploaded, `${plural(uploaded.records, "line")}, ${bytes(uploaded.bytes)}`];
  });
  await stage.step("count", async () => {
    const { job, ms } = await runLive(
      client,
      stage.terminal,
      { ...onAnyMachine, function: functionOf("word-count"), dataset: book.id },
      { inputBytes: book.bytes, signal },
    );
    const words = (await (await client.jobs.result(job.id, { signal })).value()) as Word[];
    showTop(words, stage);
    return [job, `${count(words.length)} different words, job ${duration(ms)}`];
  });
  const library = await stage.step(`upload ${copies} copies of it`, async () => {
    const { bytes: size, stream } = await repeatedText(copies);
    const startedAtMs = performance.now();
    const uploaded = await client.datasets.upload(stream, {
      name: "moby-dick-40",
      format: "lines",
      bytes: size,
      signal,
    });
    const rate = uploaded.bytes / ((performance.now() - startedAtMs) / 1000);
    return [uploaded, `${bytes(uploaded.bytes)} streamed at ${bytes(rate)}/s`];
  });
  await stage.step("count again", async () => {
    const { job, ms } = await runLive(
      client,
      stage.terminal,
      { ...onAnyMachine, function: functionOf("word-count"), dataset: library.id },
      { inputBytes: library.bytes, signal },
    );
    const rate = `${bytes(library.bytes / (ms / 1000))}/s`;
    stage.result(
      "word count",
      `${bytes(library.bytes)} in ${duration(ms)}, ${rate}, ${short(job.fuel)} fuel`,
    );
    return [job, `${rate}, ${short(job.fuel)} fuel, job ${duration(ms)}`];
  });
}

type Word = ResultOf<typeof wordCount>[number];

function showTop(words: readonly Word[], stage: Stage): void {
  const top = words.toSorted((a, b) => b.value - a.value).slice(0, shown);
  const half = Math.ceil(top.length / 2);
  const most = top[0]?.value ?? 1;
  const cell = ({ key, value }: Word): string => {
    const bar = "▆".repeat(Math.max(1, Math.round((value / most) * 16)));
    const { green } = stage.terminal.outColors;
    return `${key.padStart(6)} ${count(value).padStart(6)} ${green(bar)}${" ".repeat(16 - bar.length)}`;
  };
  for (let row = 0; row < half; row++) {
    const right = top[row + half];
    stage.line(`  ${cell(top[row]!)}    ${right === undefined ? "" : cell(right)}`.trimEnd());
  }
}
