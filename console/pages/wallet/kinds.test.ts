import { expect, test } from "vitest";
import { earnedByDay, wordOf } from "./kinds.ts";

const nowMs = new Date(2026, 10, 23, 12).getTime();
const at = (day: number, hour = 9) => new Date(2026, 10, day, hour).toISOString();

test("each day has what was earned on it, and days without have nothing", () => {
  const entries = [
    { kind: "work", direction: "in", moved: 2, at: at(23) },
    { kind: "royalty", direction: "in", moved: 1, at: at(23, 1) },
    { kind: "view", direction: "in", moved: 0.5, at: at(21) },
    { kind: "view", direction: "out", moved: 9, at: at(21) },
    { kind: "release", direction: "in", moved: 9, at: at(22) },
    { kind: "work", direction: "in", moved: 9, at: at(19) },
  ] as const;
  expect(earnedByDay(entries, 3, nowMs)).toEqual([
    { day: "2026-11-21", credits: 0.5 },
    { day: "2026-11-22", credits: 0 },
    { day: "2026-11-23", credits: 3 },
  ]);
});

test("a transfer is called by what it means to the one who reads it", () => {
  expect(wordOf({ kind: "release", direction: "in" })).toBe("Back from a job");
  expect(wordOf({ kind: "hold", direction: "out" })).toBe("Held for a job");
});
