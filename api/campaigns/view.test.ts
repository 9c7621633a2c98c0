import { describe, expect, test } from "vitest";
import { viewGapMsMax } from "../../protocol/limits.ts";
import { openView, stepView, type ViewEvent, type ViewOutcome, type ViewState } from "./view.ts";

const startMs = 1_000_000;
const requiredMs = 10_000;

/** Plays [event, seconds after the start] in this order and tells the outcomes. */
function play(events: readonly (readonly [ViewEvent, number])[]) {
  let state: ViewState = openView(requiredMs, startMs + 600_000);
  const outcomes: ViewOutcome[] = [];
  for (const [event, second] of events) {
    const step = stepView(state, event, startMs + second * 1_000);
    state = step.state;
    outcomes.push(step.outcome);
  }
  return { state, outcomes, last: outcomes.at(-1) };
}

const beat = (sequence: number, visible = true): ViewEvent => ({
  type: "heartbeat",
  sequence,
  visible,
});
const finish: ViewEvent = { type: "finish" };
const beats = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => [beat(from + i), from + i] as const);

describe("a view", () => {
  test("is paid once it was watched for long enough, and once only", () => {
    expect(play([...beats(0, 9), [finish, 9]]).last).toBe("incomplete");
    const { state, outcomes } = play([...beats(0, 10), [finish, 10], [finish, 11], [beat(99), 12]]);
    expect(outcomes.slice(-3)).toEqual(["paid", "repeated", "over"]);
    expect(state).toMatchObject({ phase: "paid", watchedMs: 10_000 });
  });

  test("is not paid without a heartbeat, however late the finish comes", () => {
    expect(play([[finish, 100]]).last).toBe("incomplete");
    expect(
      play([
        [beat(0), 0],
        [finish, 100],
      ]).last,
    ).toBe("incomplete");
  });

  test("does not go faster by heartbeats that come faster", () => {
    const fast = Array.from({ length: 500 }, (_, i) => [beat(i), i / 100] as const);
    const { state, last } = play([...fast, [finish, 5]]);
    expect(last).toBe("incomplete");
    expect(state.watchedMs).toBe(4_990);
  });

  test("ignores heartbeats that are replayed or come out of order", () => {
    const { state, outcomes } = play([
      [beat(5), 0],
      [beat(5), 1],
      [beat(4), 2],
      [beat(6), 3],
    ]);
    expect(outcomes).toEqual(["counted", "ignored", "ignored", "counted"]);
    expect(state.watchedMs).toBe(3_000);
  });

  test("gains nothing from two tabs that share it", () => {
    const both = Array.from({ length: 22 }, (_, i) => [beat(i), Math.floor(i / 2)] as const);
    expect(play(both).state.watchedMs).toBe(10_000);
  });

  test("does not count a gap, but what was watched before it stays", () => {
    const { state } = play([...beats(0, 6), [beat(7), 6 + viewGapMsMax / 1_000 + 0.001]]);
    expect(state.watchedMs).toBe(6_000);
    expect(play([[beat(0), 0] as const, [beat(1), viewGapMsMax / 1_000] as const]).state).toEqual(
      expect.objectContaining({ watchedMs: viewGapMsMax }),
    );
  });

  test("does not count while the page is hidden, on either side of it", () => {
    const { state } = play([
      [beat(0), 0],
      [beat(1), 2],
      [beat(2, false), 4],
      [beat(3, false), 6],
      [beat(4), 8],
      [beat(5), 10],
    ]);
    expect(state.watchedMs).toBe(4_000);
  });

  test("gains nothing when the clock is set back, forth, or to and fro", () => {
    const back = play([...beats(0, 8), [beat(9), -3_600], [beat(10), -3_599], [finish, -3_598]]);
    expect(back).toMatchObject({ last: "incomplete", state: { watchedMs: 8_000 } });
    const forth = play([...beats(0, 8), [beat(9), 60], [finish, 60]]);
    expect(forth).toMatchObject({ last: "incomplete", state: { watchedMs: 8_000 } });
    const swings = Array.from({ length: 20 }, (_, i) => [beat(i), i % 2 === 0 ? 4 : 0] as const);
    expect(play(swings).state.watchedMs).toBe(0);
  });

  test("ends by its time, or when another takes its place, and stays ended", () => {
    expect(play([...beats(0, 10), [finish, 600], [finish, 11]]).outcomes.slice(-2)).toEqual([
      "over",
      "over",
    ]);
    expect(play([...beats(0, 10), [{ type: "replace" }, 10], [finish, 11]]).last).toBe("over");
    expect(
      play([
        [{ type: "sweep" }, 599],
        [{ type: "sweep" }, 600],
      ]).outcomes,
    ).toEqual(["kept", "ended"]);
  });
});

/** SEED=… repeats a history. */
const seedBase = Number(process.env.SEED ?? Date.now() % 1e9);

test(`random histories never pay early or twice (from seed ${seedBase})`, () => {
  let paid = 0;
  for (let i = 0; i < 400; i++) {
    try {
      paid += randomHistory(randomOf(seedBase + i));
    } catch (cause) {
      throw new Error(`SEED=${seedBase + i}: ${String(cause)}`, { cause });
    }
  }
  expect(paid, "histories in which a view was paid").toBeGreaterThan(10);
});

/** Against what an observer with a stopwatch sees: time that truly passed while the page was visible. */
function randomHistory(random: (below: number) => number): number {
  let state = openView(5_000, startMs + 60_000);
  let clockMs = startMs;
  let trulyVisibleMs = 0;
  let visible = false;
  let sequence = 0;
  let paid = 0;
  let ended = false;
  const sent: ViewEvent[] = [];
  for (let step = 0; step < 120; step++) {
    const passedMs = random(8) === 0 ? random(9_000) : random(1_500);
    clockMs += passedMs;
    if (visible) trulyVisibleMs += passedMs;
    if (random(25) === 0) clockMs -= random(20_000);
    const kind = random(20);
    let event: ViewEvent = { type: "finish" };
    if (kind < 12) {
      visible = random(6) > 0;
      event = { type: "heartbeat", sequence: sequence++, visible };
      sent.push(event);
    } else if (kind < 15 && sent.length > 0) event = sent[random(sent.length)]!;
    else if (kind === 15 && random(10) === 0) event = { type: "replace" };
    else if (kind === 16) event = { type: "sweep" };
    const before = state;
    const stepped = stepView(state, event, clockMs);
    state = stepped.state;
    if (stepped.outcome === "paid") {
      paid++;
      expect(trulyVisibleMs).toBeGreaterThanOrEqual(state.requiredMs);
    }
    if (ended) expect(state).toBe(before);
    ended ||= state.phase !== "open";
    expect(state.watchedMs).toBeGreaterThanOrEqual(before.watchedMs);
    expect(state.watchedMs).toBeLessThanOrEqual(trulyVisibleMs);
    expect(paid).toBeLessThanOrEqual(1);
  }
  return paid;
}

function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
