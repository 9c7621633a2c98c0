import { expect, test } from "vitest";
import { digitOf, gridSize, type Point } from "./drawn-digit.ts";

const line = (from: Point, to: Point) => [from, to];

test("nothing drawn is no digit", () => {
  expect(digitOf([])).toBeUndefined();
});

test("a digit fills the grid wherever and however large it is drawn", () => {
  const small = digitOf([line({ x: 10, y: 10 }, { x: 20, y: 30 })]);
  const large = digitOf([line({ x: 100, y: 50 }, { x: 200, y: 250 })]);
  expect(small).toEqual(large);
  expect(small).toHaveLength(gridSize * gridSize);
  for (const value of small ?? []) expect(value >= 0 && value <= 16).toBe(true);
});

test("an upright line stands in the middle, as high as the grid", () => {
  const grid = digitOf([line({ x: 5, y: 0 }, { x: 5, y: 100 })]) ?? [];
  const columns = Array.from({ length: gridSize }, (_, column) =>
    grid.filter((_, cell) => cell % gridSize === column).reduce((sum, value) => sum + value, 0),
  );
  expect(columns[3]).toBeGreaterThan(30);
  expect(columns[3]).toBe(columns[4]);
  expect(columns[0]).toBe(0);
  expect((grid[3] ?? 0) + (grid[60 - 1] ?? 0)).toBeGreaterThan(5);
});

test("a dot is a digit too", () => {
  expect(digitOf([[{ x: 3, y: 3 }]])?.some((value) => value > 0)).toBe(true);
});
