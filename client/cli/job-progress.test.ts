import { createColors } from "picocolors";
import { expect, test } from "vitest";
import type { JobEvent } from "../../protocol/events.ts";
import { visibleWidth } from "./format.ts";
import { drawBar, JobProgress, type ProgressSubject } from "./job-progress.ts";

const colors = createColors(false);
const wordCount: ProgressSubject = {
  function: "word-count",
  kind: "mapReduce",
  records: 1000,
  bytes: 50_000_000,
};

function progress(event: Partial<Extract<JobEvent, { type: "progress" }>>): JobEvent {
  return {
    type: "progress",
    stage: 1,
    entry: "map",
    round: 0,
    done: 0,
    total: 10,
    records: 0,
    fuel: 0,
    runners: 2,
    ...event,
  };
}

test("before anything happens it says what it waits for", () => {
  const view = new JobProgress(wordCount);
  expect(view.lines(80, colors, 0).join("\n")).toContain("waiting for a runner");
  view.apply({ type: "status", status: "queued", note: "no runner is connected" }, 0);
  expect(view.plain(0)).toContain("no runner is connected");
});

test("a paused job says why, also while what was under way still comes in", () => {
  const view = new JobProgress(wordCount);
  view.apply(progress({ done: 2, records: 200 }), 0);
  view.apply({ type: "status", status: "paused", note: "the budget is used up" }, 1000);
  view.apply(progress({ done: 3, records: 300 }), 1100);
  expect(view.plain(1100)).toContain("paused 27%, the budget is used up");
  view.apply({ type: "status", status: "running", note: "resumed" }, 2000);
  view.apply(progress({ done: 4, records: 400 }), 2100);
  expect(view.plain(2100)).not.toMatch(/paused|budget|resumed/);
});

test("a map shows records and bytes a second and the time left", () => {
  const view = new JobProgress(wordCount);
  view.apply(progress({}), 0);
  view.apply(progress({ done: 2, records: 200 }), 1000);
  view.apply(progress({ done: 4, records: 400 }), 2000);
  const [bar, figures] = view.lines(80, colors, 2000);
  expect(bar).toMatch(/^word-count {2}map .*━.*─ {2}36% {2}4 s left$/);
  expect(figures.trim()).toBe("4/10 tasks · 200 records/s · 10.0 MB/s · 2 runners");
});

test("the bar only grows, from the probe over map and reduce to the end", () => {
  const view = new JobProgress(wordCount);
  const fractions = [
    progress({ stage: 0, entry: "probe", done: 1, total: 1 }),
    progress({ done: 5, records: 500 }),
    progress({ done: 10, records: 1000 }),
    progress({ stage: 2, entry: "reduce", done: 0, total: 4, records: 1000 }),
    progress({ stage: 2, entry: "reduce", done: 2, total: 4, records: 1000 }),
    { type: "status", status: "succeeded" } as const,
  ].map((event, at) => {
    view.apply(event, at * 100);
    return view.fraction;
  });
  expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  expect(fractions[0]).toBe(0);
  expect(fractions.at(-1)).toBe(1);
});

test("rounds show their metrics as they fall, even when no progress event comes between", () => {
  const view = new JobProgress({ function: "mlp", kind: "iterate", records: 100, rounds: 40 });
  for (let round = 1; round <= 10; round++)
    view.apply(
      { type: "round", round, metrics: { loss: 1 / round }, ms: 20, done: false },
      round * 20,
    );
  const [bar, figures] = view.lines(80, colors, 200);
  expect(bar).toMatch(/^mlp {2}round 10\/40 .* 25% {2}1 s left$/);
  expect(figures).toContain("loss 0.1000 █");
  expect(figures).toContain("20.0 ms/round");
  expect(view.fraction).toBe(0.25);
});

test("no line is wider than the terminal", () => {
  const view = new JobProgress({
    function: "a-function-with-quite-a-long-name",
    kind: "iterate",
    records: 1,
    rounds: 1000,
  });
  for (let round = 1; round <= 500; round++) {
    const metrics = { loss: 1 / round, accuracy: 1 - 1 / round, third: 1 };
    view.apply({ type: "round", round, metrics, ms: 2, done: false }, round * 2);
  }
  view.apply(progress({ round: 500 }), 1000);
  for (const width of [60, 80, 120])
    for (const line of view.lines(width, colors, 1000))
      expect(visibleWidth(line), `${width}: ${line}`).toBeLessThanOrEqual(width);
});

test("a bar fills in half cells and never beyond its width", () => {
  expect(drawBar(0, 4, colors)).toBe("────");
  expect(drawBar(0.4, 4, colors)).toBe("━╸──");
  expect(drawBar(2, 4, colors)).toBe("━━━━");
});
