import type { JobEvent } from "../protocol/events.ts";
import type { Stage } from "../tests/browser/stage.ts";
import { until } from "../tests/support/system.ts";
import { type Bench, type BenchOptions, ms, type Row, times } from "./support/report.ts";
import { withDigits, withStage } from "./support/stage.ts";
import { quantile } from "./support/stats.ts";

const reachMs = 50;
/** Beyond this the chart's caption rounds what it says. */
const roundsMax = 9_999;

type RoundEvent = Extract<JobEvent, { type: "round" }> & { atMs?: number | undefined };

/** What a watcher that is no browser saw of a round. */
interface Told {
  event: RoundEvent;
  heardAtMs: number;
}

/**
 * A job's page in a browser, and beside it a bare reader of the same stream, both on the machine's clock. The chart's
 * caption names the newest round that is drawn; the frame that shows it is what counts.
 */
export const roundToChart: Bench = {
  name: "round-to-chart",
  about:
    "from a round's end in the engine to its point on the chart, against a bare reader of the events",
  run: (options) =>
    withStage("a round's end to its point on the chart", options, {}, async (stage) => {
      const dataset = await withDigits(stage);
      return [
        await measured(stage, dataset, "as fast as they go", options, async (id) => {
          const { jobs } = stage.system.client;
          await jobs.resume(id);
          const seconds = options.smoke ? 3 : 15;
          await until(async () => (await jobs.get(id)).round > 20, "rounds");
          await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
        }),
        await measured(stage, dataset, "16 a second", options, async (id) => {
          const { jobs } = stage.system.client;
          for (let step = 0; step < (options.smoke ? 20 : 160); step++) {
            await jobs.step(id);
            await new Promise((resolve) => setTimeout(resolve, 1000 / 16));
          }
        }),
      ];
    }),
};

async function measured(
  stage: Stage,
  dataset: string,
  pace: string,
  { log }: BenchOptions,
  go: (job: string) => Promise<void>,
): Promise<Row> {
  const { client } = stage.system;
  const { id } = await client.jobs.submit({
    function: "mlp-digits",
    dataset,
    params: { rounds: roundsMax },
    memo: false,
    paused: true,
  });
  const told = new Map<number, Told>();
  const listening = listen(stage, id, told);
  const { page, context } = await stage.visit({ as: await stage.operator(), path: `/jobs/${id}` });
  await client.jobs.step(id);
  await page.getByText("round 1", { exact: true }).first().waitFor();
  await page.evaluate(watchCaption);
  await go(id);
  await client.jobs.cancel(id);
  await listening;
  const drawn = await page.evaluate<[round: number, atMs: number][]>("window.drawn");
  await context.close();
  const { chart, bare } = latencies(told, drawn);
  const [ours, peer] = [quantile(chart, 0.95), quantile(bare, 0.95)];
  log(
    `${pace}: chart p50 ${ms(quantile(chart, 0.5))}, p95 ${ms(ours)}, n=${chart.length}; bare p50 ${ms(quantile(bare, 0.5))}, p95 ${ms(peer)}`,
  );
  return {
    measure: `round's end to its point on the chart, rounds ${pace}, p95`,
    ours: ms(ours),
    peer: `${ms(peer)} (a bare reader of the events)`,
    ratio: times(peer / ours),
    reach: `≤ ${reachMs} ms`,
    reached: ours <= reachMs,
  };
}

async function listen({ system }: Stage, id: string, told: Map<number, Told>): Promise<void> {
  for await (const event of system.client.jobs.events(id))
    if (event.type === "round") told.set(event.round, { event, heardAtMs: Date.now() });
}

/**
 * In the page: when which round was the newest that a frame showed. What comes is shown in the callback of a frame, so a
 * task that is posted then runs when that frame has been painted.
 */
const watchCaption = `{
  const caption = document.querySelector("figcaption .x");
  window.drawn = [];
  new MutationObserver(() => {
    const round = Number(/[\\d,]+$/.exec(caption.textContent)[0].replace(",", ""));
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = () => window.drawn.push([round, Date.now()]);
    port1.postMessage(0);
  }).observe(caption, { subtree: true, childList: true, characterData: true });
}`;

/**
 * Runners tell rounds that follow each other fast together, so a round's end is earlier than the store's time of it: it
 * cannot have been later than the beginning of the next.
 */
function latencies(told: ReadonlyMap<number, Told>, drawn: readonly [number, number][]) {
  const endedAtMs = new Map<number, number>();
  let nextBeganAtMs = Number.POSITIVE_INFINITY;
  for (const [round, { event }] of [...told].sort(([a], [b]) => b - a)) {
    const atMs = Math.min(event.atMs!, nextBeganAtMs);
    endedAtMs.set(round, atMs);
    nextBeganAtMs = atMs - event.ms;
  }
  const chart: number[] = [];
  const bare: number[] = [];
  let from = drawn[0]![0];
  for (const [to, atMs] of drawn.slice(1)) {
    for (let round = from + 1; round <= to; round++) {
      const ended = endedAtMs.get(round);
      if (ended === undefined) continue;
      chart.push(atMs - ended);
      bare.push(told.get(round)!.heardAtMs - ended);
    }
    from = Math.max(from, to);
  }
  return { chart, bare };
}
