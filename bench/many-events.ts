import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import type { Stage } from "../tests/browser/stage.ts";
import { privateBytes, until } from "../tests/support/system.ts";
import {
  type Bench,
  type BenchOptions,
  megabytes,
  perSecond,
  type Row,
  times,
} from "./support/report.ts";
import { withStage } from "./support/stage.ts";
import { median } from "./support/stats.ts";
import { publish } from "./support/submit.ts";

const tasks = 100_000;
const reach = { eventsPerSecond: 1_000, framesPerSecond: 50, bytes: 200e6 };

/**
 * The page of a job that tells much, and what its process has for itself, as browsers' task managers show it. The runner
 * has one slot: machines that people look at pages with do not give all that they have to a runner.
 */
export const manyEvents: Bench = {
  name: "many-events",
  about:
    "the page of a job of 100,000 tasks and 1,000 events a second: frames and memory, against an empty page",
  run: (options) =>
    withStage("a job with many events", options, { slots: 1 }, async (stage) => {
      const { client } = stage.system;
      const name = await publish(stage.system, "bench/functions/talkative.ts");
      const input = Array.from({ length: tasks }, (_, value) => value);
      const { id } = await client.jobs.submit({
        function: name,
        input,
        recordsPerTask: 1,
        memo: false,
      });
      await until(async () => (await client.jobs.get(id)).progress.done > 100, "tasks done");
      const empty = await watched(stage, "/healthz", options);
      const page = await watched(stage, `/jobs/${id}`, options);
      const { status } = await client.jobs.get(id);
      if (status !== "running")
        throw new Error(`the job was ${status} before the measurement ended`);
      await client.jobs.cancel(id);
      return rowsOf(page, empty, options);
    }),
};

interface Watched {
  /** Of windows of some seconds each. */
  framesPerSecond: number[];
  eventsPerSecond: number[];
  /** The most that was seen. */
  heapBytes: number;
  privateBytes: number;
}

async function watched(stage: Stage, path: string, { smoke }: BenchOptions): Promise<Watched> {
  const before = await stage.rendererPids();
  const { page, context } = await stage.visit({ as: await stage.operator(), path });
  const isJob = path.startsWith("/jobs/");
  if (isJob)
    await page
      .getByText(/comes to/)
      .first()
      .waitFor();
  await page.evaluate(countFrames);
  const pids = (await stage.rendererPids()).filter((pid) => !before.includes(pid));
  const metrics = await context.newCDPSession(page);
  await metrics.send("Performance.enable");
  const seen: Watched = {
    framesPerSecond: [],
    eventsPerSecond: [],
    heapBytes: 0,
    privateBytes: 0,
  };
  for (let window = 0; window < (smoke ? 1 : 5); window++) {
    const begun = await now(page, isJob);
    await sleep(3_000);
    const ended = await now(page, isJob);
    const seconds = (ended.ms - begun.ms) / 1000;
    seen.framesPerSecond.push((ended.frames - begun.frames) / seconds);
    seen.eventsPerSecond.push((ended.event - begun.event) / seconds);
    const { metrics: all } = await metrics.send("Performance.getMetrics");
    const heap = all.find(({ name }) => name === "JSHeapUsedSize")!.value;
    const bytes = Math.max(...(await Promise.all(pids.map(privateBytes))));
    seen.heapBytes = Math.max(seen.heapBytes, heap);
    seen.privateBytes = Math.max(seen.privateBytes, bytes);
  }
  await context.close();
  return seen;
}

/** In the page. */
const countFrames = `{
  window.frames_ = 0;
  const count = () => { window.frames_++; requestAnimationFrame(count); };
  requestAnimationFrame(count);
}`;

async function now(
  page: Page,
  isJob: boolean,
): Promise<{ ms: number; frames: number; event: number }> {
  return await page.evaluate(`({
    ms: performance.now(),
    frames: window.frames_,
    event: ${isJob} ? Number(document.querySelector("ol[aria-label=Events] li:last-child .number").textContent) : 0,
  })`);
}

function rowsOf(page: Watched, empty: Watched, { log }: BenchOptions): Row[] {
  const [ours, floor] = [median(page.framesPerSecond), median(empty.framesPerSecond)];
  const events = median(page.eventsPerSecond);
  const frames = ({ framesPerSecond }: Watched) =>
    framesPerSecond.map((each) => each.toFixed(0)).join(", ");
  log(
    `${perSecond(events)} events; frames/s of the page ${frames(page)}; of an empty one ${frames(empty)}`,
  );
  log(
    `resident: ${megabytes(page.privateBytes)}, heap of it ${megabytes(page.heapBytes)}; empty: ${megabytes(empty.privateBytes)}`,
  );
  const measure = `page of a job, ${tasks.toLocaleString("en-US")} tasks, ${perSecond(events)} events`;
  return [
    {
      measure: `${measure}: frames`,
      ours: perSecond(ours),
      peer: `${perSecond(floor)} (an empty page)`,
      ratio: times(ours / floor),
      reach: `> ${reach.framesPerSecond}/s at ${perSecond(reach.eventsPerSecond)} events`,
      reached: ours > reach.framesPerSecond && events >= reach.eventsPerSecond,
    },
    {
      measure: `${measure}: memory of its process`,
      ours: `${megabytes(page.privateBytes)}, of which JavaScript ${megabytes(page.heapBytes)}`,
      peer: `${megabytes(empty.privateBytes)} (an empty page)`,
      ratio: times(page.privateBytes / empty.privateBytes),
      reach: `< ${megabytes(reach.bytes)}`,
      reached: page.privateBytes < reach.bytes,
    },
  ];
}
