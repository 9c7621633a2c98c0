import { expect, test } from "vitest";
import type { Partition } from "../store/port.ts";
import { taskMap } from "./task-map.ts";

function partition(tasks: number, more: Partial<Partition>): Partition {
  const stage = { number: 0, round: 0, entry: "map", tasks } as const;
  return { stage, done: 0, pending: [], claims: [], ...more };
}

test("what is neither pending nor claimed is done, and the intervals are the whole stage in order", () => {
  const { intervals, holders, merged, leased } = taskMap(
    partition(10, {
      pending: [
        [8, 9, 2],
        [2, 4, 0],
      ],
      claims: [{ front: 5, hi: 8, attempts: 1, holders: ["ses_a", "ses_b"] }],
    }),
    100,
  );
  expect(merged).toBe(false);
  expect(leased).toBe(3);
  expect(holders).toEqual(["ses_a", "ses_b"]);
  expect(intervals.map(({ lo, hi, state, attempts }) => [lo, hi, state, attempts])).toEqual([
    [0, 2, "done", 0],
    [2, 4, "pending", 0],
    [4, 5, "done", 0],
    [5, 8, "leased", 1],
    [8, 9, "pending", 2],
    [9, 10, "done", 0],
  ]);
  expect(intervals[3]!.runners).toEqual([0, 1]);
});

test("a hundred thousand tasks in as many pieces are merged, and no task is lost on the way", () => {
  const tasks = 100_000;
  const pending: [number, number, number][] = [];
  for (let task = 0; task < tasks; task += 2) pending.push([task, task + 1, task % 3]);
  const claims = [{ front: 99_001, hi: 99_002, attempts: 0, holders: ["ses_a"] }];
  const { intervals, merged } = taskMap(partition(tasks, { pending, claims }), 2_000);
  expect(merged).toBe(true);
  expect(intervals.length).toBeLessThanOrEqual(2_000);
  expect(intervals[0]).toMatchObject({ lo: 0, hi: 50, state: "mixed", done: 25, attempts: 2 });
  expect(intervals.at(-1)!.hi).toBe(tasks);
  expect(intervals.reduce((sum, { done }) => sum + done, 0)).toBe(tasks / 2 - 1);
  expect(intervals.filter(({ leased }) => leased > 0)).toMatchObject([
    { lo: 99_000, runners: [0] },
  ]);
});

test("a stage that is untouched, and one that is done, are one interval", () => {
  expect(taskMap(partition(5, { pending: [[0, 5, 0]] }), 9).intervals).toMatchObject([
    { lo: 0, hi: 5, state: "pending" },
  ]);
  expect(taskMap(partition(5, { done: 5 }), 9).intervals).toMatchObject([
    { lo: 0, hi: 5, state: "done", done: 5 },
  ]);
});
