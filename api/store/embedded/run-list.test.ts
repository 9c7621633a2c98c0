import fc from "fast-check";
import { expect, test } from "vitest";
import { RunList } from "./run-list.ts";

test("random inserts and takes agree with a record per task (fast-check prints the seed)", () => {
  const tasks = 3000;
  const step = fc.record({
    from: fc.nat(tasks),
    width: fc.integer({ min: 1, max: 400 }),
    max: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.boolean(), (script, scattered) => {
      const runs = new RunList();
      const pending = new Array<number | undefined>(tasks).fill(undefined);
      const give = (task: number, attempts: number) => {
        runs.insert(task, task + 1, attempts);
        pending[task] = attempts;
      };
      // Every second task on its own makes more runs than one chunk holds.
      for (let task = 0; task < tasks; task += scattered ? 2 : 1) give(task, 0);
      const taken: number[] = [];
      for (const { from, width, max } of script) {
        const to = Math.min(from + width, tasks);
        const run = runs.take(from, to, max);
        const first = pending.findIndex((at, i) => at !== undefined && i >= from && i < to);
        expect(run?.lo ?? -1).toBe(first);
        for (let i = run?.lo ?? 0; i < (run?.hi ?? 0); i++) {
          expect(pending[i]).toBe(run!.attempts);
          pending[i] = undefined;
          taken.push(i);
        }
        if (taken.length > 0 && max % 2 === 0)
          give(taken.splice(from % taken.length, 1)[0]!, max % 3);
      }
      expect(runs.tasks).toBe(pending.filter((at) => at !== undefined).length);
      const kept = [...runs].flatMap(({ lo, hi, attempts }) =>
        Array.from({ length: hi - lo }, (_, i) => [lo + i, attempts]),
      );
      expect(kept).toEqual(pending.flatMap((at, i) => (at === undefined ? [] : [[i, at]])));
    }),
    { numRuns: 30 },
  );
});
