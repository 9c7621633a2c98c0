import { describe, expect, it } from "vitest";
import type { RunPartial } from "../protocol/gateway-to-runner.ts";
import { bindConstants, createJobContext, keyOf } from "./job-context.ts";
import type { RunMessage } from "./messages.ts";
import { linesDataset, runnerJob } from "./testing/jobs.ts";
import { resolveUnit, unitsOf } from "./units.ts";

const { manifest } = linesDataset([["a", "b", "c"], ["d", "e"], ["f"]]);
const none = { constants: [], uses: {} };
const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (data: Uint8Array | undefined): string => Buffer.from(data ?? []).toString();
const noBlob = (digest: string): Uint8Array => {
  throw new Error(`asked for ${digest}`);
};

function run(message: Partial<RunMessage>): RunMessage {
  return {
    type: "run",
    lease: "lse_1",
    job: "job_1",
    stage: 0,
    round: 0,
    entry: "map",
    lo: 0,
    hi: 1,
    ...message,
  };
}

function partial(task: number, index: number, hash: string, inline: boolean): RunPartial {
  return { task, level: 0, index, bytes: 2, hash, inline };
}

describe("units of a lease", () => {
  it("a map is one call a task, each with its slice of a resident shard", () => {
    const context = createJobContext(runnerJob("map"), manifest, none);
    const units = unitsOf(
      context,
      run({ lo: 1, hi: 4, tasking: { type: "records", perTask: 2 } }),
      [],
    );
    expect(units.map(({ lo, hi }) => [lo, hi])).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
    expect(units.map(({ request }) => ("slice" in request ? request.slice : undefined))).toEqual([
      { task: 1, key: context.shards[0]!.key, shard: 0, from: 2, to: 3, record: 2 },
      { task: 2, key: context.shards[1]!.key, shard: 1, from: 0, to: 2, record: 3 },
      { task: 3, key: context.shards[2]!.key, shard: 2, from: 0, to: 1, record: 5 },
    ]);
    expect(units.map(({ shards }) => shards)).toEqual(context.shards.map((shard) => [shard]));
    expect(units[0]!.request).toMatchObject({ entry: "map", fuelMax: 1000, job: { seed: 7 } });
    expect(resolveUnit(units[0]!, noBlob)).toEqual({ request: units[0]!.request });
  });

  it("a range has slices without a key and nothing to load", () => {
    const context = createJobContext(runnerJob("map"), undefined, none);
    const [unit] = unitsOf(
      context,
      run({ lo: 2, hi: 3, tasking: { type: "range", count: 25, perTask: 10 } }),
      [],
    );
    expect(unit!.request).toMatchObject({
      slice: { task: 2, shard: 2, from: 20, to: 25, record: 20 },
    });
    expect("key" in (unit!.request as unknown as { slice: object }).slice).toBe(false);
    expect(unit!.shards).toEqual([]);
  });

  it("an iterative map is one call for the whole lease, with the state as data", () => {
    const context = createJobContext(runnerJob("iterate"), manifest, none);
    const message = run({
      hi: 3,
      round: 4,
      leaves: 3,
      hasState: true,
      tasking: { type: "shards" },
    });
    const units = unitsOf(context, message, [bytes("state")]);
    expect(units).toHaveLength(1);
    expect(units[0]).toMatchObject({ lo: 0, hi: 3, request: { leaves: 3, round: 4 } });
    expect(units[0]!.request).toHaveProperty("slices.length", 3);
    expect(units[0]!.shards).toEqual(context.shards);
    expect(text(resolveUnit(units[0]!, noBlob).data)).toBe("state");
  });

  it("a state may be a blob", () => {
    const context = createJobContext(runnerJob("iterate"), manifest, none);
    const message = run({ leaves: 3, stateDigest: "d1", tasking: { type: "shards" } });
    const [unit] = unitsOf(context, message, []);
    expect(unit!.parts).toEqual([{ digest: "d1", bytes: 0 }]);
    expect(text(resolveUnit(unit!, () => bytes("big state")).data)).toBe("big state");
  });

  it("a reduce joins its own inputs with newlines, in task order, inline or not", () => {
    const context = createJobContext(runnerJob("mapReduce"), manifest, none);
    const message = run({
      entry: "reduce",
      hi: 3,
      partials: [
        partial(0, 0, "h0", true),
        partial(0, 1, "h1", false),
        partial(1, 0, "h2", true),
        partial(0, 2, "h3", true),
      ],
    });
    const units = unitsOf(context, message, [bytes("[1]"), bytes("[3]"), bytes("[4]")]);
    const blobs = (digest: string): Uint8Array => bytes(digest === "h1" ? "[2]" : "wrong");
    expect(units.map((unit) => text(resolveUnit(unit, blobs).data))).toEqual([
      "[1]\n[2]\n[4]",
      "[3]",
      "",
    ]);
    expect(units[1]!.request).toMatchObject({ entry: "reduce", partition: 1 });
    expect(resolveUnit(units[2]!, blobs).data).toBeInstanceOf(Uint8Array);
  });

  it("a merge concatenates and lists its own partials", () => {
    const context = createJobContext(runnerJob("iterate"), manifest, none);
    const message = run({
      entry: "merge",
      lo: 1,
      hi: 2,
      level: 2,
      leaves: 8,
      partials: [partial(1, 2, "a", true), partial(1, 3, "b", true)],
    });
    const [unit] = unitsOf(context, message, [bytes("xx"), bytes("yy")]);
    expect(unit!.request).toMatchObject({
      entry: "merge",
      level: 2,
      index: 1,
      leaves: 8,
      partials: [
        { level: 0, index: 2, bytes: 2 },
        { level: 0, index: 3, bytes: 2 },
      ],
    });
    expect(text(resolveUnit(unit!, noBlob).data)).toBe("xxyy");
  });

  it("a step says where the partials begin, also when the state is a blob", () => {
    const context = createJobContext(runnerJob("iterate"), manifest, none);
    const message = run({
      entry: "step",
      round: 2,
      leaves: 1,
      stateDigest: "s",
      partials: [partial(0, 0, "a", true)],
    });
    const [unit] = unitsOf(context, message, [bytes("pp")]);
    const resolved = resolveUnit(unit!, () => bytes("state"));
    expect(resolved.request).toMatchObject({ stateBytes: 5, round: 2, leaves: 1 });
    expect(text(resolved.data)).toBe("statepp");

    const { stateDigest: _, ...rest } = message;
    const [inline] = unitsOf(context, rest, [bytes("abc"), bytes("pp")]);
    expect(resolveUnit(inline!, noBlob).request).toMatchObject({ stateBytes: 3 });
  });

  it("init samples the first shard or all of a range, finish takes the state", () => {
    const context = createJobContext(runnerJob("iterate"), manifest, none);
    const [init] = unitsOf(context, run({ entry: "init" }), []);
    expect(init!.request).toMatchObject({
      slice: { task: 0, key: context.shards[0]!.key, from: 0, to: 3, record: 0 },
    });
    const ranged = createJobContext(runnerJob("iterate"), undefined, none);
    expect(unitsOf(ranged, run({ entry: "init" }), [])[0]!.request).not.toHaveProperty("slice");
    const tasking = { type: "range", count: 100, perTask: 10 } as const;
    expect(unitsOf(ranged, run({ entry: "init", tasking }), [])[0]!.request).toMatchObject({
      slice: { task: 0, from: 0, to: 100, record: 0 },
    });
    const [finish] = unitsOf(context, run({ entry: "finish" }), [bytes("end")]);
    expect(text(resolveUnit(finish!, noBlob).data)).toBe("end");
  });

  it("refuses a lease that contradicts itself", () => {
    const context = createJobContext(runnerJob("iterate"), manifest, none);
    const tasking = { type: "shards" } as const;
    const faults: [Partial<RunMessage>, RegExp][] = [
      [{ tasking }, /without its state/],
      [{ hasState: true }, /without tasking/],
      [{ hasState: true, hi: 9, tasking }, /a task that is not/],
      [{ entry: "step" }, /without its state/],
      [{ entry: "merge", partials: [partial(0, 0, "h", true)] }, /without a partial/],
    ];
    for (const [message, expected] of faults) {
      const payloads = message.hasState ? [bytes("s")] : [];
      expect(() => unitsOf(context, run(message), payloads)).toThrow(expected);
    }
  });
});

describe("keys", () => {
  it("shards with the same bytes but other columns have other keys", () => {
    const digest = manifest.shards[0]!.digest;
    const meta = { type: "shard", format: "csv", records: 1 } as const;
    expect(keyOf(digest, { ...meta, columns: ["a"] })).not.toBe(
      keyOf(digest, { ...meta, columns: ["b"] }),
    );
    expect(keyOf(digest, { ...meta })).toBe(keyOf(digest, { ...meta }));
  });

  it("a dataset constant lists its shards, which are loaded before it", () => {
    const { constants, uses } = bindConstants(
      { model: { digest: "m", type: "json" }, table: { digest: "t", type: "dataset" } },
      () => manifest,
    );
    expect(constants).toHaveLength(5);
    expect(constants[0]!.key).toBe(uses.model);
    expect(constants[4]!.key).toBe(uses.table);
    expect(constants[4]!.meta).toEqual({
      type: "dataset",
      shards: constants.slice(1, 4).map(({ key }) => key),
    });
  });
});
