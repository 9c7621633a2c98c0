import { expect, it } from "vitest";
import { pauseText } from "./words.ts";

it("says why the runner rests and until when, by the machine's clock", () => {
  const nowMs = new Date(2026, 10, 23, 12).getTime();
  const at = (day: number, hour: number) => new Date(2026, 10, day, hour, 30).toISOString();
  expect(pauseText({ reason: "asked", until: at(23, 13) }, nowMs)).toBe(
    "You paused it. It goes on at 13:30.",
  );
  expect(pauseText({ reason: "hours", until: at(28, 0) }, nowMs)).toMatch(
    /on Saturday at (00|24):30/,
  );
  expect(pauseText({ reason: "asked" }, nowMs)).toBe("You paused it, until it is started again.");
  expect(pauseText({ reason: "battery" }, nowMs)).toMatch(/mains power. It goes on by itself/);
});
