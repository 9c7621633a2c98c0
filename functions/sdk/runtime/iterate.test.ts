import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { iterate, lines, matrix, range } from "../index.ts";
import { guestOf, shardMeta, sliceOf, type TestGuest } from "../test-support/guest.ts";
import type { Reply } from "../test-support/reply.ts";

/** Sums whose order shows in the last bits, with a random draw per shard, and shared scratch space as authors have it. */
const scratch = new Float64Array(3);
const drift = iterate({
  title: "Drift",
  input: matrix(),
  init: ({ sample, random }) => ({ at: new Float64Array(2), rows: sample.height, first: random() }),
  map(rows, state, { random, round, shard, record }) {
    scratch.fill(0);
    for (let i = 0; i < rows.height; i++) {
      scratch[0]! += rows[i * rows.width]! / 3 + state.at[0]!;
      scratch[1]! += rows[i * rows.width + 1]! * 1e-7;
    }
    scratch[2] = random() * round + shard.index + record;
    state.at[0] = 1e9; // Must reach no other task.
    return { sums: scratch, least: rows.height === 0 ? Infinity : rows[0]! };
  },
  merge(a, b) {
    for (let i = 0; i < a.sums.length; i++) a.sums[i]! += b.sums[i]!;
    return { sums: a.sums, least: Math.min(a.least, b.least) };
  },
  step: (state, total, { round, random }) => ({
    state: { ...state, at: total.sums.slice(0, 2), first: state.first + random() },
    done: round >= 2,
    metrics: { sum: total.sums[0]!, least: total.least },
  }),
  finish: (state) => ({ at: state.at, first: state.first, rows: state.rows }),
});

const rowsPerShard = 3;

function loadShards(guest: TestGuest, numbers: readonly number[]): void {
  for (let shard = 0; shard * rowsPerShard * 2 < numbers.length; shard++) {
    const part = numbers.slice(shard * rowsPerShard * 2, (shard + 1) * rowsPerShard * 2);
    guest.load(
      `s${shard}`,
      shardMeta("matrix", rowsPerShard, { columns: ["a", "b"] }),
      new Float64Array(part).buffer,
    );
  }
}

const join = (...parts: Uint8Array[]): ArrayBuffer => {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined.buffer;
};

const ok = (reply: Reply): Reply => {
  expect(reply.header.error).toBeUndefined();
  return reply;
};

/** One round, its tasks leased in runs that end at `cuts`; merged by a merge stage of `level` first when given. */
function runRound(
  guest: TestGuest,
  state: Uint8Array,
  shards: number,
  round: number,
  cuts: readonly number[],
  level?: number,
) {
  const bounds = [...new Set([0, shards, ...cuts.map((cut) => cut % shards)])].sort(
    (a, b) => a - b,
  );
  let partials: { level: number; index: number; bytes: number; data: Uint8Array; fuel: number }[] =
    [];
  const add = (reply: Reply) => {
    let at = 0;
    for (const partial of reply.header.partials!) {
      partials.push({ ...partial, data: reply.bytes.slice(at, at + partial.bytes) });
      at += partial.bytes;
    }
    expect(at).toBe(reply.bytes.length);
  };
  for (let i = 1; i < bounds.length; i++) {
    const slices = [];
    for (let task = bounds[i - 1]!; task < bounds[i]!; task++) {
      slices.push(
        sliceOf(`s${task}`, 0, rowsPerShard, { task, shard: task, record: task * rowsPerShard }),
      );
    }
    add(ok(guest.run({ entry: "map", slices, leaves: shards, round } as never, join(state))));
  }
  const mapFuel = partials.reduce((sum, partial) => sum + partial.fuel, 0);
  if (level !== undefined) {
    const inputs = partials;
    partials = inputs.filter((partial) => partial.level >= level);
    const width = 2 ** level;
    for (let index = 0; index * width < shards; index++) {
      const below = inputs.filter(
        (p) => p.level < level && Math.floor((p.index * 2 ** p.level) / width) === index,
      );
      if (below.length === 0) continue;
      const request = { entry: "merge", level, index, leaves: shards, partials: below } as never;
      add(ok(guest.run(request, join(...below.map((p) => p.data)))));
    }
    partials.sort((a, b) => a.index * 2 ** a.level - b.index * 2 ** b.level);
  }
  const request = {
    entry: "step",
    round,
    leaves: shards,
    stateBytes: state.length,
    partials,
  } as never;
  const stepped = ok(guest.run(request, join(state, ...partials.map((p) => p.data))));
  return { stepped, mapFuel, partials };
}

describe("iterate", () => {
  test("gives identical bytes however tasks are leased, merged and kept resident", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 11 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
        fc.infiniteStream(fc.double({ noNaN: true, min: -1e6, max: 1e6 })),
        (shards, cuts, level, stream) => {
          const numbers = [...stream.take(shards * rowsPerShard * 2)];
          const job = { shardCount: shards };
          const one = guestOf(drift, job);
          const many = guestOf(drift, job);
          loadShards(one, numbers);
          loadShards(many, numbers);
          const slice = sliceOf("s0", 0, rowsPerShard);
          let stateOne = ok(one.run({ entry: "init", slice } as never)).bytes;
          let stateMany = ok(many.run({ entry: "init", slice } as never)).bytes;
          for (let round = 1; round <= 2; round++) {
            const a = runRound(one, stateOne, shards, round, []);
            const b = runRound(many, stateMany, shards, round, cuts, level);
            expect(b.stepped.bytes).toEqual(a.stepped.bytes);
            expect(b.stepped.header.control).toEqual(a.stepped.header.control);
            expect(a.stepped.header.control?.done).toBe(round === 2);
            stateOne = a.stepped.bytes;
            stateMany = b.stepped.bytes;
          }
          const finish = { entry: "finish" } as never;
          const value = ok(many.run(finish, join(stateMany))).text;
          expect(value).toBe(ok(one.run(finish, join(stateOne))).text);
          expect(JSON.parse(value)).toMatchObject({ rows: rowsPerShard });
        },
      ),
      { numRuns: 60, verbose: 1 },
    );
  });

  test("a step and the next map in one call give what two calls give", () => {
    const numbers = Array.from({ length: 5 * rowsPerShard * 2 }, (_, i) => Math.sin(i) * 1e3);
    const guest = guestOf(drift, { shardCount: 5 });
    loadShards(guest, numbers);
    const state = ok(guest.run({ entry: "init", slice: sliceOf("s0", 0, 3) } as never)).bytes;
    const { stepped, partials } = runRound(guest, state, 5, 1, [2]);
    const slices = [2, 3, 4].map((task) =>
      sliceOf(`s${task}`, 0, rowsPerShard, { task, shard: task, record: task * rowsPerShard }),
    );
    const next = { entry: "map", slices, leaves: 5, round: 2 } as never;
    const mapped = ok(guest.run(next, join(stepped.bytes)));
    const ask = (round: number, from: Uint8Array) => {
      const rest = { leaves: 5, stateBytes: from.length, partials, slices, quiet: false };
      const data = join(from, ...partials.map((partial) => partial.data));
      return ok(guest.run({ entry: "round", round, ...rest } as never, data));
    };
    const both = ask(1, state);
    expect(both.bytes).toEqual(new Uint8Array([...stepped.bytes, ...mapped.bytes]));
    expect(both.header.control).toEqual(stepped.header.control);
    expect(both.header.partials).toEqual(mapped.header.partials);
    expect(both.header.state).toEqual({ bytes: stepped.bytes.length, fuel: stepped.header.fuel });
    expect(both.header.fuel).toBe(stepped.header.fuel + mapped.header.fuel);
    // The function is done after its second round: there is no next map.
    const last = ask(2, stepped.bytes);
    expect(last.header.control).toMatchObject({ done: true });
    expect(last.header.partials).toEqual([]);
    expect(last.bytes).toHaveLength(last.header.state!.bytes);
  });

  test("a node's fuel is that of its tasks and the merges inside it", () => {
    const guest = guestOf(drift, { shardCount: 4 });
    loadShards(guest, new Array<number>(4 * rowsPerShard * 2).fill(1));
    const state = ok(guest.run({ entry: "init", slice: sliceOf("s0", 0, 3) } as never)).bytes;
    const { mapFuel, partials } = runRound(guest, state, 4, 1, []);
    expect(partials).toHaveLength(1);
    expect(mapFuel).toBe(4 * rowsPerShard); // Unmetered here: only records count.
  });

  test("is the same through invoke as with one shard", () => {
    const numbers = [1, 2, 3, 4, 5, 6];
    const guest = guestOf(drift);
    loadShards(guest, numbers);
    let state = ok(guest.run({ entry: "init", slice: sliceOf("s0", 0, 3) } as never)).bytes;
    for (let round = 1; round <= 2; round++) {
      state = runRound(guest, state, 1, round, []).stepped.bytes;
    }
    const value = ok(guest.run({ entry: "finish" } as never, join(state))).text;
    const input = JSON.stringify({
      columns: ["a", "b"],
      rows: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    });
    const invoked = ok(guest.run({ entry: "invoke", roundsMax: 10 } as never, input));
    expect(invoked.text).toBe(value);
    expect(invoked.header.control).toMatchObject({ done: true, metrics: { least: 1 } });
  });

  test("a range's sample says how many there are; map gets from and to", () => {
    const guest = guestOf(
      iterate({
        title: "t",
        input: range(),
        init: ({ sample }) => ({ sample, spans: [] as unknown[] }),
        map: (span) => [span],
        merge: (a, b) => [...a, ...b],
        step: (state, total) => ({ state: { ...state, spans: total }, done: true }),
      }),
    );
    const reply = ok(guest.run({ entry: "invoke", roundsMax: 1 } as never, "10"));
    expect(JSON.parse(reply.text)).toEqual({
      sample: { from: 0, to: 10, count: 10 },
      spans: [{ from: 0, to: 10 }],
    });
  });

  const simple = {
    title: "t",
    input: lines(),
    init: () => 0 as unknown,
    map: () => 0 as unknown,
    merge: () => 0 as unknown,
    step: (): unknown => ({ state: 0, done: true }),
    kind: "iterate",
  };
  test.each([
    ["init", { init: () => new Map() }, "bad-output"],
    ["map", { map: async () => 1 }, "bad-output"],
    ["step", { step: () => ({}) }, "bad-output"],
    ["step", { step: () => ({ state: 1, metrics: { a: "1" } }) }, "bad-output"],
    ["finish", { finish: () => undefined }, "bad-output"],
    ["finish", { finish: () => JSON.parse("{") as unknown }, "function-threw"],
  ])("names the entry %s when its answer is bad", (entry, part, code) => {
    const guest = guestOf({ ...simple, ...part });
    const { error } = guest.run({ entry: "invoke", roundsMax: 5 } as never, '"a\\nb"').header;
    expect(error).toMatchObject({ code, entry });
  });

  test("metrics that are not finite are null; rounds without an end are refused", () => {
    const guest = guestOf({
      ...simple,
      step: () => ({ state: 0, done: true, metrics: { a: NaN } }),
    });
    const reply = ok(guest.run({ entry: "invoke", roundsMax: 5 } as never, '["a"]'));
    expect(reply.header.control?.metrics).toEqual({ a: null });
    const endless = guestOf({ ...simple, step: () => ({ state: 0 }) });
    const { error } = endless.run({ entry: "invoke", roundsMax: 5 } as never, '["a"]').header;
    expect(error).toMatchObject({ code: "rounds-exhausted", name: "RoundsExhausted" });
  });

  test("partials that do not add up are the host's fault", () => {
    const guest = guestOf(simple);
    const request = { entry: "step", round: 1, leaves: 2, stateBytes: 8, partials: [] } as never;
    const { error } = guest.run(request, new ArrayBuffer(8)).header;
    expect(error?.code).toBe("runner-fault");
    expect(error?.message).toContain("do not make up the root");
  });
});
