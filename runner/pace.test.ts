import { expect, it } from "vitest";
import { Pace } from "./pace.ts";

it("rests in proportion to what was worked, and adds up what is too short for a timer", () => {
  const pace = new Pace(() => 0.25);
  pace.worked(1, 1000);
  expect(pace.restMs(1000)).toBe(0);
  pace.worked(1, 1001);
  expect(pace.restMs(1001)).toBe(6);
  expect(pace.restMs(1007)).toBe(0);
});

it("keeps to its share over any mix of long and short work", () => {
  const share = 0.4;
  const pace = new Pace(() => share);
  let nowMs = 0;
  let workedMs = 0;
  for (const ms of [0.3, 20, 700, 4, 90, 0.1, 3000, 12].flatMap((each) => Array(50).fill(each))) {
    nowMs += pace.restMs(nowMs);
    nowMs += ms;
    workedMs += ms;
    pace.worked(ms, nowMs);
  }
  nowMs += pace.restMs(nowMs);
  expect(workedMs / nowMs).toBeCloseTo(share, 3);
});

it("a limit that is lifted ends the rest at once, and owes nothing", () => {
  let share = 0.1;
  const pace = new Pace(() => share);
  pace.worked(1000, 0);
  expect(pace.restMs(0)).toBe(9000);
  share = 1;
  expect(pace.restMs(0)).toBe(0);
  pace.worked(1000, 1000);
  share = 0.5;
  expect(pace.restMs(10_000)).toBe(0);
});
