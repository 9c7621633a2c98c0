import { describe, expect, test } from "vitest";
import { leaseTasksMax } from "../../protocol/limits.ts";
import { TaskTable } from "../../protocol/tasking.ts";
import type { JobView } from "../jobs/job-view.ts";
import { mayFollow } from "./may-follow.ts";

interface Round {
  kind: string;
  entry: string;
  tasks: number;
  /** Compute time of the whole round; undefined before the first was measured. */
  roundMs: number | undefined;
  partialBytes: number | undefined;
}

const recordsPerTask = 10;

function follows(round: Partial<Round>, runner: { slots: number; ofAll: number }): boolean {
  const { kind = "iterate", entry = "map", tasks = 8 } = round;
  const { roundMs, partialBytes } = { roundMs: 1000, partialBytes: 1000, ...round };
  const records = tasks * recordsPerTask;
  const table = new TaskTable({ type: "range", count: records, perTask: recordsPerTask }, []);
  const stage = { number: 1, round: 2, entry, tasks };
  const view = { spec: { id: "job_1", kind }, stage, table, partialBytes } as unknown as JobView;
  const sizing = {
    unitMs: (job: string, of: string) =>
      job === "job_1" && of === "map" && roundMs !== undefined ? roundMs / records : undefined,
  };
  return mayFollow(view, { slots: runner.slots }, { sizing, slots: runner.ofAll });
}

describe("the only runner", () => {
  const alone = { slots: 2, ofAll: 2 };
  const mb = 1024 * 1024;

  test.each<[string, boolean, Partial<Round>]>([
    ["a round of a second", true, { roundMs: 2_000 }],
    ["a longer one", false, { roundMs: 2_001 }],
    ["a short one", true, { roundMs: 0.1 }],
    ["one of as many tasks as a lease may hold", true, { tasks: leaseTasksMax }],
    ["one of more tasks than a lease may hold", false, { tasks: leaseTasksMax + 1 }],
    ["the first, of unknown time", false, { roundMs: undefined }],
    ["one after which nobody knows what is left to merge", false, { partialBytes: undefined }],
    ["one that leaves nothing to merge", true, { partialBytes: 0 }],
    ["one that leaves 4 MB", true, { partialBytes: 4 * mb }],
    ["one that leaves more than 4 MB", false, { partialBytes: 4 * mb + 1 }],
    ["one whose merge took tasks", false, { partialBytes: Number.POSITIVE_INFINITY }],
    ["a step", false, { entry: "step" }],
    ["a merge", false, { entry: "merge" }],
    ["a finish", false, { entry: "finish" }],
    ["a map", false, { kind: "map" }],
    ["a mapReduce", false, { kind: "mapReduce" }],
  ])("%s: %s", (_, expected, round) => {
    expect(follows(round, alone)).toBe(expected);
  });
});

/** Alone it takes roundMs / its slots, shared roundMs / all slots and 3 ms for the messages. */
describe("one of several", () => {
  test.each<[string, boolean, number, { slots: number; ofAll: number }]>([
    ["half of the slots, short", true, 11.9, { slots: 2, ofAll: 4 }],
    ["half of the slots, as long alone as shared", false, 12, { slots: 2, ofAll: 4 }],
    ["half of the slots, long", false, 1000, { slots: 2, ofAll: 4 }],
    ["a quarter of the slots, short", true, 3.9, { slots: 1, ofAll: 4 }],
    ["a quarter of the slots, not short enough", false, 4.1, { slots: 1, ofAll: 4 }],
    ["most of the slots", true, 35, { slots: 3, ofAll: 4 }],
    ["most of the slots, long", false, 37, { slots: 3, ofAll: 4 }],
    ["few of very many, short", true, 2.9, { slots: 1, ofAll: 1000 }],
    ["few of very many", false, 3.1, { slots: 1, ofAll: 1000 }],
  ])("%s: %s", (_, expected, roundMs, runner) => {
    expect(follows({ roundMs }, runner)).toBe(expected);
  });
});
