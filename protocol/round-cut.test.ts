import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { leasesPerSlot, leaseTasksMax } from "./limits.ts";
import { roundParts, splitEvenly } from "./round-cut.ts";
import { type Tasking, TaskTable } from "./tasking.ts";

const shardsOf = (records: readonly number[]) => records.map((count) => ({ records: count }));
const tableOf = (records: readonly number[]) =>
  new TaskTable({ type: "shards" }, shardsOf(records));
const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0);

const sizes = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 200 });
const parts = fc.integer({ min: 1, max: 32 });
/** Shards as tasks, shards cut into tasks, and ranges. */
const tables = fc.oneof(
  sizes.map(tableOf),
  fc
    .tuple(sizes, fc.integer({ min: 1, max: 2000 }))
    .map(([records, perTask]) => new TaskTable({ type: "records", perTask }, shardsOf(records))),
  fc
    .tuple(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 20, max: 5000 }))
    .map(([count, perTask]): Tasking => ({ type: "range", count, perTask }))
    .map((tasking) => new TaskTable(tasking, [])),
);

describe("runs of a round", () => {
  test("hold every task exactly once, in order, and no more than a lease may", () => {
    fc.assert(
      fc.property(tables, parts, (table, wanted) => {
        let next = 0;
        for (const [lo, hi] of splitEvenly(table, wanted)) {
          expect(lo).toBe(next);
          expect(hi).toBeGreaterThan(lo);
          expect(hi - lo).toBeLessThanOrEqual(leaseTasksMax);
          next = hi;
        }
        expect(next).toBe(table.tasks);
      }),
    );
  });

  test("are no more than was asked for, with about equal records", () => {
    fc.assert(
      fc.property(sizes, parts, (records, wanted) => {
        const runs = splitEvenly(tableOf(records), wanted);
        expect(runs.length).toBeLessThanOrEqual(wanted);
        const share = sumOf(records) / wanted;
        const largest = Math.max(...records);
        for (const [lo, hi] of runs)
          expect(sumOf(records.slice(lo, hi))).toBeLessThanOrEqual(share + largest + 1);
      }),
    );
  });

  test("end at the boundary that is nearest to their share", () => {
    fc.assert(
      fc.property(sizes, parts, (records, wanted) => {
        const all = sumOf(records);
        const recordsTo = (task: number) => sumOf(records.slice(0, task));
        splitEvenly(tableOf(records), wanted).forEach(([lo, hi], i) => {
          const share = (all * (i + 1)) / wanted;
          const distances = records
            .slice(lo)
            .map((_, at) => Math.abs(recordsTo(lo + at + 1) - share));
          expect(Math.abs(recordsTo(hi) - share)).toBe(Math.min(...distances));
        });
      }),
    );
  });

  test.each([
    [
      "the boundary below the share",
      [90, 30, 80],
      [
        [0, 1],
        [1, 3],
      ],
    ], // 90 of 100, not 120
    [
      "the boundary above the share",
      [90, 15, 95],
      [
        [0, 2],
        [2, 3],
      ],
    ], // 105 of 100, not 90
    [
      "the boundary at the share",
      [50, 50, 60, 40],
      [
        [0, 2],
        [2, 4],
      ],
    ],
    [
      "the only one there is",
      [1, 1000],
      [
        [0, 1],
        [1, 2],
      ],
    ],
  ])("two of them meet at %s", (_, records, runs) => {
    expect(splitEvenly(tableOf(records), 2)).toEqual(runs);
  });

  test("are more than was asked for where a lease would hold too many tasks", () => {
    const tasking = { type: "range", count: 2500, perTask: 1 } as const;
    expect(splitEvenly(new TaskTable(tasking, []), 1)).toEqual([
      [0, 1024],
      [1024, 2048],
      [2048, 2500],
    ]);
  });
});

test.each([
  ["of unknown time: all that the slots may hold", 1000, 3, undefined, 3 * leasesPerSlot],
  ["of unknown time and few tasks: one each", 5, 3, undefined, 5],
  ["too short for two slots: one", 1000, 3, 0.49, 1],
  ["short: one a slot", 1000, 3, 0.5, 3],
  ["of 10 ms a slot: one a slot", 1000, 3, 30, 3],
  ["of 20 ms a slot: two a slot", 1000, 3, 60, 6],
  ["long: all that the slots may hold", 1000, 3, 100_000, 3 * leasesPerSlot],
  ["long with few tasks: one each", 5, 3, 100_000, 5],
])("a round %s", (_, tasks, slots, roundMs, runs) => {
  expect(roundParts(tasks, slots, roundMs)).toBe(runs);
});
