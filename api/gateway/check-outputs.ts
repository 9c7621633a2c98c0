import { GridError } from "../../protocol/errors.ts";
import type { Output } from "../../protocol/job.ts";
import { canonicalCover, type TreeNode } from "../../protocol/merge-tree.ts";
import type { JobView } from "../jobs/job-view.ts";
import { checkFuel } from "./check-fuel.ts";

/**
 * Whether a runner's outputs for tasks [lo, hi) are exactly those that the stage asks for, each once, in order: a runner
 * that leaves one out, or answers for a task it has no lease on, must not be able to spoil a result. Their fuel must be
 * within the job's limits, too.
 * @throws GridError runner-fault
 */
export function checkOutputs(
  view: Pick<JobView, "spec" | "stage">,
  lo: number,
  hi: number,
  outputs: readonly Pick<Output, "level" | "index" | "fuel">[],
): void {
  const expected = expectedOutputs(view, lo, hi);
  const fits =
    outputs.length === expected.length &&
    outputs.every(
      ({ level, index }, i) => level === expected[i]!.level && index === expected[i]!.index,
    );
  if (!fits)
    throw new GridError("runner-fault", `The outputs are not those of tasks ${lo} to ${hi}.`);
  const { spec, stage } = view;
  const merges = stage.entry === "map" ? hi - lo : (stage.leaves ?? 0);
  const fuel = outputs.reduce((sum, output) => sum + output.fuel, 0);
  checkFuel(spec.limits, hi - lo + merges, fuel);
}

function expectedOutputs(
  { spec, stage }: Pick<JobView, "spec" | "stage">,
  lo: number,
  hi: number,
): TreeNode[] {
  if (stage.entry === "map" && spec.kind === "iterate")
    return canonicalCover(lo, hi, stage.leaves!);
  if (stage.entry === "merge")
    return indices(lo, hi).map((index) => ({ level: stage.level!, index }));
  const levels = stage.entry === "map" && spec.kind === "mapReduce" ? spec.reducers : 1;
  return indices(lo, hi).flatMap((index) => indices(0, levels).map((level) => ({ level, index })));
}

function indices(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
