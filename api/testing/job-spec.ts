import { digestOf } from "../../protocol/digest.ts";
import type { JobSpec } from "../../protocol/job.ts";

/** A small job over a range, for tests that care about some of its fields only. */
export function jobSpecOf(more: Partial<JobSpec> & Pick<JobSpec, "id" | "kind">): JobSpec {
  return {
    owner: "acc_1",
    function: "f",
    version: digestOf("v"),
    bundle: digestOf("b"),
    input: { type: "range", count: 10 },
    params: {},
    uses: {},
    seed: 1,
    reducers: 1,
    roundsMax: 1,
    output: { type: "json", contentType: "application/json" },
    limits: { fuelPerTask: 1000, memoryMb: 16, timeoutMs: 1 },
    createdAtMs: Date.now(),
    ...more,
  };
}
