import { expect, test } from "vitest";
import type { JobView } from "../jobs/job-view.ts";
import { largestFirst } from "./largest-first.ts";

function runs(records: number[], stage: Partial<JobView["stage"]> = {}): unknown {
  const shards = records.map((n) => ({ digest: "", bytes: n, records: n }));
  const map = { number: 0, round: 0, entry: "map", tasks: records.length };
  return largestFirst({
    shards,
    stage: { ...map, tasking: { type: "shards" }, ...stage },
  } as unknown as JobView);
}

test("halves of size, the largest first, each task once", () => {
  expect(runs([1, 2, 3, 5, 8, 8, 8, 3])).toEqual([
    [3, 8],
    [1, 3],
    [0, 1],
  ]);
});

test("shards of one size are one run, and one shard is one", () => {
  expect(runs([5, 5, 5, 5])).toEqual([[0, 4]]);
  expect(runs([5])).toEqual([[0, 1]]);
});

test("what is tiny is left to the store's own order", () => {
  const sizes = Array.from({ length: 20 }, (_, i) => 2 ** i);
  const ordered = runs(sizes) as [number, number][];
  expect(ordered).toHaveLength(8);
  expect(ordered[0]).toEqual([18, 20]);
  expect(ordered.at(-1)).toEqual([11, 12]);
});

test("other stages have no order", () => {
  expect(runs([1, 9], { entry: "reduce" })).toEqual([]);
  expect(runs([1, 9], { tasking: { type: "records", perTask: 1 } })).toEqual([]);
  expect(runs([])).toEqual([]);
});
