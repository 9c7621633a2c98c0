import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Emit, items, lines, mapReduce } from "../index.ts";
import { guestOf, shardMeta, sliceOf } from "../test-support/guest.ts";

const wordCount = (combine: boolean): object => ({
  ...mapReduce({
    title: "Word count",
    input: lines(),
    map(line: string, emit: Emit<number>) {
      for (const word of line.split(" ")) emit(word, 1);
    },
    reduce: (_word: string, counts: number[]) => counts.reduce((sum, n) => sum + n, 0),
  }),
  combine,
});

const word = fc.oneof(
  fc.constantFrom("a", "b", "constructor", "__proto__", "é", "\ud800", "\u{1f600}", '"', ""),
  fc.string({ unit: fc.constantFrom("x", "y"), maxLength: 3 }),
);
const text = fc.array(
  fc.array(word, { minLength: 1, maxLength: 200 }).map((words) => words.join(" ")),
  { minLength: 1, maxLength: 8 },
);

/** Maps each slice, then reduces each partition over all slices, as the grid does. */
function runJob(fn: object, records: readonly string[], cuts: readonly number[], reducers: number) {
  const guest = guestOf(fn, { reducers });
  guest.load("k", shardMeta("lines", records.length), records.join("\n"));
  const bounds = [...new Set([0, records.length, ...cuts.map((cut) => cut % records.length)])];
  bounds.sort((a, b) => a - b);
  const maps = bounds.slice(1).map((to, i) => {
    const reply = guest.run({ entry: "map", slice: sliceOf("k", bounds[i]!, to) } as never);
    expect(reply.header.error).toBeUndefined();
    const partitions = reply.text.split("\n");
    expect(partitions).toHaveLength(reducers);
    return partitions;
  });
  const pairs: { key: string; value: unknown }[] = [];
  for (let partition = 0; partition < reducers; partition++) {
    const data = maps.map((partitions) => partitions[partition]).join("\n");
    const reply = guest.run({ entry: "reduce", partition } as never, data);
    expect(reply.header.error).toBeUndefined();
    const lines = reply.text === "" ? [] : reply.text.split("\n");
    const values = lines.map((line) => JSON.parse(line) as { key: string; value: unknown });
    const keys = values.map(({ key }) => key);
    expect(keys).toEqual([...keys].sort());
    pairs.push(...values);
  }
  return pairs.sort((a, b) => (a.key < b.key ? -1 : 1));
}

describe("mapReduce", () => {
  test("counts as a plain loop does, however it is sliced, partitioned and combined", () => {
    fc.assert(
      fc.property(
        text,
        fc.array(fc.nat(), { maxLength: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        (records, cuts, reducers, combine) => {
          const expected = new Map<string, number>();
          for (const key of records.join(" ").split(" ")) {
            expected.set(key, (expected.get(key) ?? 0) + 1);
          }
          const pairs = runJob(wordCount(combine), records, cuts, reducers);
          expect(new Map(pairs.map(({ key, value }) => [key, value]))).toEqual(expected);
        },
      ),
      { verbose: 1 },
    );
  });

  test("a map's body lists keys as they were first emitted, with an empty list for an empty partition", () => {
    const guest = guestOf(wordCount(false), { reducers: 1 });
    guest.load("k", shardMeta("lines", 2), "b a\nb");
    const map = { entry: "map", slice: sliceOf("k", 0, 2) } as never;
    expect(guest.run(map).text).toBe('["b",[1,1],"a",1]');
    const many = guestOf(wordCount(false), { reducers: 50 });
    many.load("k", shardMeta("lines", 1), "a");
    const partitions = many
      .run({ entry: "map", slice: sliceOf("k", 0, 1) } as never)
      .text.split("\n");
    expect(partitions.filter((line) => line === "[]")).toHaveLength(49);
  });

  /** Emits under one key and tells how many values each fold was given. */
  function foldSizes<V>(values: readonly V[], combine: (values: V[]) => V) {
    const sizes: number[] = [];
    const fn = mapReduce({
      title: "t",
      input: lines(),
      map(_line, emit: Emit<V>) {
        for (const value of values) emit("k", value);
      },
      combine(_key, gathered) {
        sizes.push(gathered.length);
        return combine(gathered);
      },
      reduce: (_key, all) => all.length,
    });
    const guest = guestOf(fn);
    guest.load("k", shardMeta("lines", 1), "x");
    const reply = guest.run({ entry: "map", slice: sliceOf("k", 0, 1) } as never);
    return { text: reply.text, sizes };
  }

  test("folds a key's values within a task when they are many, and at its end", () => {
    const letters = new Array<string>(130).fill("a");
    const { text, sizes } = foldSizes(letters, (parts) => parts.join(""));
    expect(text).toBe(`["k",["${"a".repeat(130)}"]]`);
    expect(sizes).toEqual([64, 64, 4]);
  });

  test("folds numbers as they come, and what is mixed with others when it is many", () => {
    const sum = (values: number[]) => values.reduce((total, n) => total + n, 0);
    const numbers = foldSizes([1, 2, 3, 4], sum);
    expect(numbers.text).toBe('["k",10]');
    expect(numbers.sizes).toEqual([2, 2, 2]);
    const mixed = foldSizes<number | string>([1, 2, "3", 4], (values) => values.join("+"));
    expect(mixed.text).toBe('["k",["1+2+3+4"]]');
    expect(mixed.sizes).toEqual([2, 3]);
  });

  test("random of a fold does not shift what map draws", () => {
    const draws = (combine: boolean) => {
      const drawn: number[] = [];
      const fn = mapReduce({
        title: "t",
        input: lines(),
        map(_line, emit: Emit<number>, { random }) {
          for (let i = 0; i < 200; i++) {
            drawn.push(random());
            emit("k", 1);
          }
        },
        ...(combine
          ? { combine: (_k: string, v: number[], c: { random(): number }) => v[0]! + c.random() }
          : {}),
        reduce: (_key, values) => values.length,
      });
      const guest = guestOf(fn);
      guest.load("k", shardMeta("lines", 1), "x");
      guest.run({ entry: "map", slice: sliceOf("k", 0, 1) } as never);
      return drawn;
    };
    expect(draws(true)).toEqual(draws(false));
  });

  test("values travel exactly: odd numbers, typed arrays, keys that look like placeholders", () => {
    const seen: unknown[] = [];
    const values = [
      -0,
      NaN,
      Infinity,
      new Float64Array([1, NaN]),
      { $number: "NaN" },
      [null, { a: -0 }],
    ];
    const fn = mapReduce({
      title: "t",
      input: items<number>(),
      map(_item, emit: Emit<unknown>) {
        for (const value of values) emit("k", value);
      },
      reduce(_key, got) {
        seen.push(...got);
        return got.length;
      },
    });
    const guest = guestOf(fn);
    guest.load("k", shardMeta("ndjson", 1), "1");
    const body = guest.run({ entry: "map", slice: sliceOf("k", 0, 1) } as never).text;
    guest.run({ entry: "reduce", partition: 0 } as never, body);
    expect(seen).toStrictEqual(values);
  });

  test.each([
    ["a number", 5, "String(key)"],
    ["null", null, "String(key)"],
  ])("refuses %s as a key, even when the author catches the exception", (_name, key, hint) => {
    const fn = mapReduce({
      title: "t",
      input: lines(),
      map(_line, emit) {
        try {
          emit(key as never, 1);
        } catch {
          // Swallowed on purpose.
        }
      },
      reduce: () => 1,
    });
    const guest = guestOf(fn);
    guest.load("k", shardMeta("lines", 1), "x");
    const { error } = guest.run({ entry: "map", slice: sliceOf("k", 0, 1) } as never).header;
    expect(error).toMatchObject({ code: "bad-output", record: 0 });
    expect(error?.hint).toContain(hint);
  });

  test("each emit and each record take one unit of fuel", () => {
    const guest = guestOf(wordCount(false));
    guest.load("k", shardMeta("lines", 2), "a b c\nd");
    const { header } = guest.run({ entry: "map", slice: sliceOf("k", 0, 2) } as never);
    expect(header.fuel).toBe(2 + 4);
  });

  test("emitting stops when the fuel is used up", () => {
    const endless = mapReduce({
      title: "t",
      input: lines(),
      map(_line, emit) {
        for (;;) emit("k", 1);
      },
      reduce: () => 1,
      combine: true,
    });
    const guest = guestOf(endless, {}, 5000);
    guest.load("k", shardMeta("lines", 1), "x");
    const { header } = guest.run({ entry: "map", slice: sliceOf("k", 0, 1) } as never);
    expect(header).toMatchObject({
      fuel: 5000,
      error: { code: "out-of-fuel", entry: "map", record: 0 },
    });
  });
});
