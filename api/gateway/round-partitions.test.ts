import { describe, expect, test } from "vitest";
import { TaskTable } from "../../protocol/tasking.ts";
import type { JobView } from "../jobs/job-view.ts";
import { LeaseSizing } from "./lease-sizing.ts";
import { RoundPartitions } from "./round-partitions.ts";

function viewOf(records: number[]): JobView {
  const shards = records.map((count) => ({ records: count }));
  const table = new TaskTable({ type: "shards" }, shards);
  const stage = { number: 1, round: 1, entry: "map", tasks: table.tasks };
  return { spec: { id: "job_1", kind: "iterate" }, stage, table, shards } as unknown as JobView;
}

const growing = Array.from({ length: 40 }, (_, i) => 10 + i * 10);
const records = growing.reduce((sum, count) => sum + count, 0);
const everyone = () => true;

describe("runs of a round", () => {
  test("stay with the session that held them, and go to others once it is gone", () => {
    const partitions = new RoundPartitions(new LeaseSizing());
    const view = viewOf(growing);
    const options = { slots: 2, isLive: everyone, ownOnly: false };
    const first = partitions.runsFor(view, "a", options);
    expect(first.length).toBe(8);
    partitions.took("job_1", "a", first[0]![0]);
    partitions.took("job_1", "b", first[1]![0]);
    expect(partitions.runsFor(view, "a", { ...options, ownOnly: true })).toEqual([first[0]]);
    expect(partitions.runsFor(view, "a", options)).not.toContainEqual(first[1]);
    const onlyA = (session: string) => session === "a";
    expect(partitions.runsFor(view, "a", { ...options, isLive: onlyA })).toContainEqual(first[1]);
    expect(partitions.shareOf("job_1", 1)).toBe(4);
  });

  test("are cut once more when a round's time is known: one run for a tiny round, one a slot for a short one", () => {
    for (const [roundMs, runs] of [
      [0.1, 1],
      [15, 2],
      [1000, 8],
    ] as const) {
      const sizing = new LeaseSizing();
      const partitions = new RoundPartitions(sizing);
      const view = viewOf(growing);
      const options = { slots: 2, isLive: everyone, ownOnly: false };
      partitions.runsFor(view, "a", options);
      sizing.observe("job_1", "map", records, roundMs);
      expect(partitions.runsFor(view, "a", options)).toHaveLength(runs);
      // Noise in later rounds moves nothing.
      sizing.observe("job_1", "map", records, roundMs * 20);
      expect(partitions.runsFor(view, "a", options)).toHaveLength(runs);
    }
  });
});
