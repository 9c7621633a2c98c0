import { expect, test } from "vitest";
import { cloudsOf, csvOf } from "./clouds.ts";

test("the same seed gives the same points, so that a picture can be drawn again", () => {
  const settings = { clouds: 4, points: 500, seed: 3 };
  expect(cloudsOf(settings)).toEqual(cloudsOf(settings));
  expect(cloudsOf(settings)).not.toEqual(cloudsOf({ ...settings, seed: 4 }));
});

test("points are a matrix of two columns", () => {
  const rows = csvOf(cloudsOf({ clouds: 3, points: 10, seed: 1 }))
    .trimEnd()
    .split("\n");
  expect(rows).toHaveLength(10);
  for (const row of rows) expect(row.split(",").map(Number).every(Number.isFinite)).toBe(true);
});
