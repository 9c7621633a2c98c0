import { describe, expect, test } from "vitest";
import type { Stage } from "../../protocol/job.ts";
import { leaseTargetMs, leaseTasksMax } from "../../protocol/limits.ts";
import { LeaseSizing } from "./lease-sizing.ts";

const map = (tasks: number): Stage => ({ number: 0, round: 0, entry: "map", tasks });

describe("tasks of one lease", () => {
  test("one, as long as nothing is known of them", () => {
    expect(new LeaseSizing().tasksMax("job", map(1000), 1000, 2)).toBe(1);
  });

  test("as many as fill the target time", () => {
    const sizing = new LeaseSizing();
    sizing.observe("job", "map", 10, 20);
    expect(sizing.unitMs("job", "map")).toBe(2);
    expect(sizing.tasksMax("job", map(10_000), 10_000, 2)).toBe(Math.floor(leaseTargetMs / 2));
    expect(sizing.tasksMax("other", map(10_000), 10_000, 2), "another job's").toBe(1);
  });

  test("fewer when those that remain are larger than those that were measured", () => {
    const sizing = new LeaseSizing();
    sizing.observe("job", "map", 1000, 1000);
    expect(sizing.tasksMax("job", map(1000), 1000, 2, 10)).toBe(Math.floor(leaseTargetMs / 10));
    expect(sizing.tasksMax("job", map(1000), 1000, 2, 1000)).toBe(1);
  });

  test("fewer towards the end, and at least one", () => {
    const sizing = new LeaseSizing();
    sizing.observe("job", "map", 100, 1);
    const sizes: number[] = [];
    for (let remaining = 400; remaining > 0; remaining -= sizes.at(-1)!)
      sizes.push(sizing.tasksMax("job", map(400), remaining, 2));
    expect(sizes[0]).toBe(100);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(sizes.at(-1)).toBe(1);
  });

  test("never more than a lost lease may throw away, however fast they are", () => {
    const sizing = new LeaseSizing();
    sizing.observe("job", "map", 1000, 0);
    expect(sizing.tasksMax("job", map(1e6), 1e6, 1)).toBe(leaseTasksMax);
  });

  test("one for slow tasks, and for every entry but map", () => {
    const sizing = new LeaseSizing();
    sizing.observe("job", "map", 1, leaseTargetMs * 10);
    expect(sizing.tasksMax("job", map(1000), 1000, 2)).toBe(1);
    for (const entry of ["reduce", "merge", "step"] as const) {
      sizing.observe("job", entry, 1000, 1);
      expect(sizing.tasksMax("job", { ...map(1000), entry }, 1000, 1)).toBe(1);
    }
  });

  test("follow a change of speed, not a single outlier", () => {
    const sizing = new LeaseSizing();
    sizing.observe("job", "map", 1, 1);
    sizing.observe("job", "map", 1, 11);
    expect(sizing.unitMs("job", "map")).toBeCloseTo(4, 9);
    for (let i = 0; i < 50; i++) sizing.observe("job", "map", 1, 11);
    expect(sizing.unitMs("job", "map")).toBeCloseTo(11, 3);
  });
});
