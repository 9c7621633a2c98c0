import { expect, test } from "vitest";
import { layoutOf, rectanglesOf, runsOf } from "./shard-map.ts";

test.each([1, 10, 100, 1_000, 10_000, 100_000])(
  "each of %i tasks has a cell of its own",
  (total) => {
    for (const [width, height] of [
      [1100, 420],
      [340, 1200],
    ] as const) {
      const { columns, rows, pitch, tasksPerCell } = layoutOf(total, width, height);
      expect(tasksPerCell).toBe(1);
      expect(columns * rows).toBeGreaterThanOrEqual(total);
      expect(columns * pitch).toBeLessThanOrEqual(width);
      expect(rows * pitch).toBeLessThanOrEqual(height);
    }
  },
);

test("more tasks than pixels share cells, and the picture says how many", () => {
  const { columns, rows, pitch, tasksPerCell } = layoutOf(5_000_000, 340, 400);
  expect(tasksPerCell).toBeGreaterThan(100);
  expect(columns * rows * tasksPerCell).toBeGreaterThanOrEqual(5_000_000);
  expect(rows * pitch).toBeLessThanOrEqual(400);
});

test("a run of cells is covered exactly, whatever rows it crosses", () => {
  for (let columns = 1; columns < 8; columns++)
    for (let lo = 0; lo < 30; lo++)
      for (let hi = lo; hi < 30; hi++) {
        const covered = new Set<number>();
        for (const [x, y, width, height] of rectanglesOf(lo, hi, columns))
          for (let row = y; row < y + height; row++)
            for (let column = x; column < x + width; column++) covered.add(row * columns + column);
        expect([...covered].sort((a, b) => a - b)).toEqual(
          Array.from({ length: hi - lo }, (_, index) => lo + index),
        );
      }
});

test("an interval of several states is shown in parts", () => {
  const interval = { attempts: 0, runners: [] };
  expect(
    runsOf({
      intervals: [
        { lo: 0, hi: 4, state: "done", done: 4, leased: 0, ...interval },
        { lo: 4, hi: 14, state: "mixed", done: 3, leased: 2, ...interval },
      ],
    }),
  ).toEqual([
    [0, 4, "done"],
    [4, 7, "done"],
    [7, 9, "leased"],
    [9, 14, "pending"],
  ]);
});
