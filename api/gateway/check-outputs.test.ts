import { describe, expect, test } from "vitest";
import type { JobSpec, Stage } from "../../protocol/job.ts";
import { canonicalCover } from "../../protocol/merge-tree.ts";
import { checkOutputs } from "./check-outputs.ts";

function view(kind: JobSpec["kind"], stage: Partial<Stage>) {
  const spec = { kind, reducers: 3, limits: { fuelPerTask: 100 } };
  return { spec, stage: { entry: "map", tasks: 8, ...stage } } as Parameters<
    typeof checkOutputs
  >[0];
}
const at = (level: number, index: number, fuel = 1) => ({ level, index, fuel });
/** Partials that took so much fuel in all. */
const cover = (lo: number, hi: number, fuel = 0) =>
  canonicalCover(lo, hi, 8).map((node, i) => ({ ...node, fuel: i === 0 ? fuel : 0 }));

describe("a result's outputs", () => {
  test("of a map are one a task", () => {
    const map = view("map", {});
    expect(() => checkOutputs(map, 2, 4, [at(0, 2), at(0, 3)])).not.toThrow();
    for (const wrong of [
      [at(0, 2)],
      [at(0, 2), at(0, 4)],
      [at(0, 3), at(0, 2)],
      [at(0, 2), at(0, 3), at(0, 4)],
      [at(1, 2), at(0, 3)],
    ]) {
      expect(() => checkOutputs(map, 2, 4, wrong)).toThrow("not those of tasks 2 to 4");
    }
  });

  test("of a mapReduce's map are one a task and partition", () => {
    const outputs = [at(0, 5), at(1, 5), at(2, 5)];
    expect(() => checkOutputs(view("mapReduce", {}), 5, 6, outputs)).not.toThrow();
    expect(() => checkOutputs(view("mapReduce", {}), 5, 6, outputs.slice(1))).toThrow();
    expect(() =>
      checkOutputs(view("mapReduce", { entry: "reduce" }), 5, 6, [at(0, 5)]),
    ).not.toThrow();
  });

  test("of a round are the nodes that cover its tasks", () => {
    const round = view("iterate", { leaves: 8 });
    expect(() => checkOutputs(round, 1, 8, cover(1, 8))).not.toThrow();
    expect(() => checkOutputs(round, 1, 8, cover(0, 8))).toThrow();
    const merge = view("iterate", { entry: "merge", level: 2, leaves: 8 });
    expect(() => checkOutputs(merge, 1, 2, [at(2, 1)])).not.toThrow();
    expect(() => checkOutputs(merge, 1, 2, [at(1, 1)])).toThrow();
  });

  test("take no more fuel than the job's limit for each task, and each merge", () => {
    const tooMuch = "more fuel than its work could have used";
    const map = view("map", {});
    expect(() => checkOutputs(map, 2, 4, [at(0, 2, 100), at(0, 3, 100)])).not.toThrow();
    expect(() => checkOutputs(map, 2, 4, [at(0, 2, 1e15), at(0, 3, 100)])).toThrow(tooMuch);
    const round = view("iterate", { leaves: 8 });
    expect(() => checkOutputs(round, 0, 8, cover(0, 8, 1500))).not.toThrow();
    expect(() => checkOutputs(round, 0, 8, cover(0, 8, 1601))).toThrow(tooMuch);
    const step = view("iterate", { entry: "step", tasks: 1, leaves: 8 });
    expect(() => checkOutputs(step, 0, 1, [at(0, 0, 800)])).not.toThrow();
    expect(() => checkOutputs(step, 0, 1, [at(0, 0, 901)])).toThrow(tooMuch);
  });
});
