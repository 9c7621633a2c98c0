import { expect, test } from "vitest";
import { Rounds } from "./rounds.ts";

test("a million rounds are a bounded number of points, the first and the newest among them", () => {
  const rounds = new Rounds(100);
  for (let round = 1; round <= 1_000_000; round++) rounds.add(round, { loss: 1 / round }, 0.5);
  expect(rounds.rounds.length).toBeLessThanOrEqual(101);
  expect(rounds.rounds.length).toBeGreaterThan(40);
  expect(rounds.rounds[0]).toBe(1);
  expect(rounds.rounds.at(-1)).toBe(1_000_000);
  expect(rounds.series.get("loss")).toEqual(rounds.rounds.map((round) => 1 / round));
  expect(rounds.ms.length).toBe(rounds.rounds.length);
  expect(rounds.rounds.toSorted((a, b) => a - b)).toEqual(rounds.rounds);
});

test("a metric that appears later has no value before", () => {
  const rounds = new Rounds();
  rounds.add(1, { loss: 2 }, 1);
  rounds.add(2, { loss: 1, accuracy: 0.5 }, 1);
  rounds.add(3, { loss: null, accuracy: 0.6 }, 1);
  expect(rounds.series.get("accuracy")).toEqual([null, 0.5, 0.6]);
  expect(rounds.series.get("loss")).toEqual([2, 1, null]);
});
