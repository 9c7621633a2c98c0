import { expect, test } from "vitest";
import type { Campaign } from "../../../protocol/http-campaigns.ts";
import { dayBars, standingOf } from "./standing.ts";

const nowMs = Date.UTC(2026, 10, 23, 12);
const running = {
  state: "running",
  startsAt: new Date(nowMs - 1).toISOString(),
  budget: 1,
  creditsPerView: 0.5,
} as Campaign;

test.each([
  [{}, "running"],
  [{ budget: 0.4 }, "out of budget"],
  [{ startsAt: new Date(nowMs + 1).toISOString() }, "scheduled"],
  [{ state: "ended", endedBy: "operator" }, "stopped by the operator"],
  [{ state: "ended", endedBy: "date" }, "ended"],
] as const)("%j is %s", (change, label) => {
  expect(standingOf({ ...running, ...change }, nowMs).label).toBe(label);
});

test("days without views are bars of nothing", () => {
  const days = [{ day: "2026-11-21", opened: 4, completed: 3 }];
  expect(dayBars(days, nowMs, 3)).toEqual([
    { day: "2026-11-21", value: 4, part: 3 },
    { day: "2026-11-22", value: 0, part: 0 },
    { day: "2026-11-23", value: 0, part: 0 },
  ]);
});
