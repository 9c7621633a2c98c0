import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import type { Stage } from "../tests/browser/stage.ts";
import { type Bench, type BenchOptions, ms, type Row, times } from "./support/report.ts";
import { withDigits, withStage } from "./support/stage.ts";
import { median, note, quantile } from "./support/stats.ts";

const reachMs = 25;
/** A hand that draws moves so often. */
const moveEveryMs = 16;
const states = ["training", "paused"] as const;
/** An upright line, as the model gets it. */
const grid = Array.from({ length: 64 }, (_, cell) => (cell % 8 === 4 ? 16 : 0));

/** Somebody draws on the lab's pad; the page says itself how long each answer took. */
export const drawing: Bench = {
  name: "drawing",
  about:
    "from a stroke on the lab's pad to the swarm's answer, as the page shows it, against a bare call",
  run: (options) =>
    withStage("drawing to answer", options, {}, async (stage) => {
      await withDigits(stage);
      const { page } = await stage.visit({ as: await stage.operator(), path: "/lab" });
      await page.getByRole("button", { name: "Train" }).click();
      await page.getByText(/^Round \d{2,}/).waitFor();
      const [job] = await Array.fromAsync(stage.system.client.jobs.list());
      await page.evaluate(hear);
      const shown: Record<string, number[]> = {};
      const bare: Record<string, number[]> = {};
      for (let turn = 0; turn < (options.smoke ? 1 : 5); turn++)
        for (const state of states) {
          await (state === "training" ? goOn(page) : pause(page));
          for (const took of await draw(page, options.smoke)) note(shown, state, took);
          for (let call = 0; call < (options.smoke ? 10 : 50); call++)
            note(bare, state, await ask(stage, job!.id));
        }
      await page.getByRole("button", { name: "Stop" }).click();
      return states.map((state) => rowOf(state, shown[state]!, bare[state]!, options));
    }),
};

async function pause(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "One round" }).waitFor();
}

async function goOn(page: Page): Promise<void> {
  const button = page.getByRole("button", { name: "Go on" });
  if (await button.isVisible()) await button.click();
  await page.getByRole("button", { name: "Pause" }).waitFor();
}

/** In the page: every "answered in 12 ms" that it shows, as a number. */
const hear = `{
  window.answered = [];
  new MutationObserver(() => {
    const found = /answered in ([\\d.]+) (ms|s),/.exec(document.querySelector("main .foot").textContent);
    if (found) window.answered.push(Number(found[1]) * (found[2] === "s" ? 1000 : 1));
  }).observe(document.querySelector("main .foot"), { subtree: true, childList: true, characterData: true });
}`;

/** A few rounds of a spiral; the times that the page showed meanwhile. */
async function draw(page: Page, short: boolean): Promise<number[]> {
  await page
    .getByRole("button", { name: "Clear" })
    .click({ force: true, noWaitAfter: true })
    .catch(() => undefined);
  const paper = page.getByLabel("Draw a digit here");
  await paper.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await paper.boundingBox())!;
  await page.evaluate("window.answered = []");
  const steps = short ? 60 : 240;
  for (let step = 0; step < steps; step++) {
    const turn = (step / 60) * 2 * Math.PI;
    const radius = 0.12 + 0.25 * (step / steps);
    const to = [
      x + width * (0.5 + radius * Math.cos(turn)),
      y + height * (0.5 + radius * Math.sin(turn)),
    ] as const;
    await page.mouse.move(...to);
    if (step === 0) await page.mouse.down();
    await sleep(moveEveryMs);
  }
  await page.mouse.up();
  return await page.evaluate<number[]>("window.answered");
}

/** The same question, asked by Node over HTTP. */
async function ask({ system }: Stage, job: string): Promise<number> {
  const startedMs = performance.now();
  const path = "/v1/functions/operator%2Fdigits-predict/invoke";
  const response = await fetch(`${system.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${system.key}`, "content-type": "application/json" },
    body: JSON.stringify({ input: [grid], uses: { model: `job:${job}@latest` } }),
  });
  if (!response.ok) throw new Error(await response.text());
  await response.json();
  return performance.now() - startedMs;
}

function rowOf(state: string, shown: number[], bare: number[], { log }: BenchOptions): Row {
  const p50 = median(shown);
  log(
    `while ${state}: p50 ${ms(p50)}, p95 ${ms(quantile(shown, 0.95))}, n=${shown.length}; bare: p50 ${ms(median(bare))}, p95 ${ms(quantile(bare, 0.95))}, n=${bare.length}`,
  );
  return {
    measure: `drawing to answer while ${state}, p50`,
    ours: ms(p50),
    peer: `${ms(median(bare))} (a bare call over HTTP)`,
    ratio: times(median(bare) / p50),
    reach: `≤ ${reachMs} ms`,
    reached: p50 <= reachMs,
  };
}
