import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JobSpec, Kind, Stage } from "../../protocol/job.ts";
import { canonicalCover, nodeSpan } from "../../protocol/merge-tree.ts";
import { TaskTable } from "../../protocol/tasking.ts";
import { advance, plan, reducersFor, repeatStage } from "./plan.ts";

const digest = "0".repeat(64);

function spec(kind: Kind, overrides: Partial<JobSpec> = {}): JobSpec {
  return {
    id: "job_1",
    owner: "operator",
    kind,
    function: "f",
    version: "v",
    bundle: digest,
    input: {
      type: "dataset",
      manifest: digest,
      format: "lines",
      records: 100,
      shards: 4,
      bytes: 1e6,
    },
    params: {},
    uses: {},
    seed: 1,
    reducers: 4,
    roundsMax: 10,
    output: { type: "json", contentType: "application/json" },
    limits: { fuelPerTask: 1e9, memoryMb: 128, timeoutMs: 1000 },
    createdAtMs: 0,
    ...overrides,
  };
}

const shards = (...records: number[]) => records.map((count) => ({ records: count }));
const finished = (outputs = 1, bytes = 10, fuel = 1) => ({
  summary: { outputs, bytes, fuel },
  control: undefined,
  topLevel: 0,
});

/** Walks a job from plan to end and lists its entries. */
function walk(job: JobSpec, sizes: { records: number }[], rounds: number, partials = 4): string[] {
  const entries: string[] = [];
  let stage: Stage = plan(job, sizes);
  for (let guard = 0; guard < 1000; guard++) {
    entries.push(stage.entry);
    const control = stage.entry === "step" ? { done: stage.round >= rounds } : { records: 8 };
    const outputs = stage.entry === "map" ? partials : stage.tasks;
    const next = advance(job, sizes, stage, { ...finished(outputs), control });
    if (next.type === "end") return entries;
    expect(next.next.number).toBe(stage.number + 1);
    stage = next.next;
  }
  throw new Error("the job does not end");
}

describe("the stages of a job", () => {
  test("a map of few records a shard is one stage", () => {
    expect(walk(spec("map"), shards(2, 2), 0)).toEqual(["map"]);
  });

  test("many records a shard are probed for their fuel first", () => {
    expect(walk(spec("map"), shards(500, 500), 0)).toEqual(["probe", "map"]);
  });

  test("a forced cut or a range is not probed", () => {
    expect(walk(spec("map", { recordsPerTask: 1 }), shards(500), 0)).toEqual(["map"]);
    expect(walk(spec("map", { input: { type: "range", count: 1e6 } }), [], 0)).toEqual(["map"]);
  });

  test("a mapReduce reduces in one task a partition", () => {
    const job = spec("mapReduce");
    expect(walk(job, shards(2, 2), 0)).toEqual(["map", "reduce"]);
    const map = plan(job, shards(2, 2));
    const next = advance(job, shards(2, 2), map, finished());
    expect(next).toMatchObject({ next: { entry: "reduce", tasks: 4, from: 0 } });
  });

  test("an iterate repeats map and step until it is done, then finishes", () => {
    const entries = walk(spec("iterate"), shards(9, 9, 9), 2);
    expect(entries).toEqual(["init", "map", "step", "map", "step", "finish"]);
  });

  test("an iterate stops at its bound on rounds", () => {
    const entries = walk(spec("iterate", { roundsMax: 3 }), shards(9), 99);
    expect(entries.filter((entry) => entry === "step")).toHaveLength(3);
    expect(entries.at(-1)).toBe("finish");
  });

  test("many partials are merged by a tree of tasks before the step", () => {
    const job = spec("iterate", { recordsPerTask: 1 });
    const entries = walk(job, shards(5000), 1, 5000);
    expect(entries).toContain("merge");
    expect(entries.indexOf("merge")).toBeLessThan(entries.indexOf("step"));
  });

  test("each stage drops what nobody reads any more, and never what the next one reads", () => {
    const job = spec("iterate");
    let stage = plan(job, shards(9, 9));
    const alive = new Set<number>();
    for (let i = 0; i < 12; i++) {
      alive.add(stage.number);
      const next = advance(job, shards(9, 9), stage, finished(2));
      if (next.type === "end") break;
      for (const number of next.drop) alive.delete(number);
      for (const read of [next.next.from, next.next.state]) {
        if (read !== undefined) expect(alive).toContain(read);
      }
      expect(alive.size).toBeLessThanOrEqual(3);
      stage = next.next;
    }
  });

  test("planning again gives the same stages", () => {
    const job = spec("map");
    expect(plan(job, shards(500))).toEqual(plan(job, shards(500)));
    expect(repeatStage(plan(job, shards(500)))).toMatchObject({ number: 1, entry: "probe" });
  });
});

describe("how the input is cut", () => {
  test("costly records make finer tasks, cheap ones stay whole shards", () => {
    const job = spec("map");
    const probe = plan(job, shards(1000));
    const cheap = advance(job, shards(1000), probe, {
      ...finished(1, 0, 800),
      control: { records: 8 },
    });
    expect(cheap).toMatchObject({ next: { tasking: { type: "shards" }, tasks: 1 } });
    const costly = advance(job, shards(1000), probe, {
      ...finished(1, 0, 8e8),
      control: { records: 8 },
    });
    expect(costly).toMatchObject({
      next: { tasking: { type: "records", perTask: 2 }, tasks: 500 },
    });
  });

  test("every record belongs to exactly one task, in order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 60 }),
        (records, perTask) => {
          const table = new TaskTable({ type: "records", perTask }, shards(...records));
          let next = 0;
          for (let task = 0; task < table.tasks; task++) {
            const slice = table.slice(task);
            expect(slice.record).toBe(next);
            expect(slice.to).toBeGreaterThan(slice.from);
            expect(slice.to).toBeLessThanOrEqual(records[slice.shard]!);
            next += slice.to - slice.from;
          }
          expect(next).toBe(records.reduce((sum, count) => sum + count, 0));
        },
      ),
    );
  });

  test("any cover of runs is made of disjoint nodes that cover exactly the run", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(300), fc.nat(300), (tasks, a, b) => {
        const lo = Math.min(a, b) % tasks;
        const hi = Math.min(Math.max(a, b) % (tasks + 1), tasks);
        let at = lo;
        for (const node of canonicalCover(lo, hi, tasks)) {
          const span = nodeSpan(node, tasks);
          expect(span.lo).toBe(at);
          at = span.hi;
        }
        if (lo < hi) expect(at).toBe(hi);
      }),
    );
  });

  test("reducers grow with the input within their bound", () => {
    expect(reducersFor(1, 100)).toBe(1);
    expect(reducersFor(100, 100)).toBe(1);
    expect(reducersFor(101, 100)).toBe(2);
    expect(reducersFor(800, 100)).toBe(8);
    expect(reducersFor(1000, 100)).toBe(16);
    expect(reducersFor(1e12, 100)).toBe(256);
  });
});
