import { describe, expect, expectTypeOf, test } from "vitest";
import { constant, items, iterate, lines, map, mapReduce, matrix, range } from "./index.ts";
import { runLocally } from "./testing.ts";

const sum = iterate({
  title: "Sum",
  input: matrix(),
  params: { rounds: 3 },
  init: () => ({ total: new Float64Array(1) }),
  map: (rows) => ({ part: rows.reduce((a, b) => a + b, 0) }),
  merge: (a, b) => ({ part: a.part + b.part }),
  step: (state, total, { round, params }) => ({
    state: { total: state.total.map((x) => x + total.part) },
    done: round === params.rounds,
    metrics: { part: total.part },
  }),
});

describe("runLocally", () => {
  test("gives a map's outputs, typed", () => {
    const fn = map({
      title: "t",
      input: lines(),
      params: { times: 2 },
      uses: { suffix: constant<string>() },
      map: (line, { params, uses }) => ({
        text: line.repeat(params.times) + uses.suffix,
        codes: new Uint16Array([line.length]),
      }),
    });
    const outputs = runLocally(fn, "a\nb", { times: 3 }, { uses: { suffix: "!" } });
    expectTypeOf(outputs).toEqualTypeOf<{ text: string; codes: number[] }[]>();
    expect(outputs).toEqual([
      { text: "aaa!", codes: [1] },
      { text: "bbb!", codes: [1] },
    ]);
    // @ts-expect-error lines are text
    expect(() => runLocally(fn, [1])).toThrow("line 0 is not a string");
    // @ts-expect-error times is a number
    runLocally(fn, ["a"], { times: "3" }, { uses: { suffix: "" } });
  });

  test("gives bytes outputs one by one", () => {
    const fn = map({
      title: "t",
      input: range(),
      map: (i) => new Uint8Array([i, i]),
      output: "image/png",
    });
    const images = runLocally(fn, 2);
    expectTypeOf(images).toEqualTypeOf<Uint8Array<ArrayBuffer>[]>();
    expect(images).toEqual([new Uint8Array([0, 0]), new Uint8Array([1, 1])]);
  });

  test("gives a mapReduce's pairs, sorted", () => {
    const fn = mapReduce({
      title: "t",
      input: items<{ team: string; points: number }>(),
      map(item, emit) {
        emit(item.team, item.points);
      },
      reduce: (_team, points) => Math.max(...points),
    });
    const pairs = runLocally(fn, [
      { team: "b", points: 1 },
      { team: "a", points: 2 },
      { team: "b", points: 3 },
    ]);
    expectTypeOf(pairs).toEqualTypeOf<{ key: string; value: number }[]>();
    expect(pairs).toEqual([
      { key: "a", value: 2 },
      { key: "b", value: 3 },
    ]);
  });

  test("gives an iterate's value, rounds and metrics; shards do not change a sum", () => {
    const whole = runLocally(sum, [[1], [2], [3]]);
    expectTypeOf(whole.value).toEqualTypeOf<{ total: number[] }>();
    expect(whole).toEqual({
      value: { total: [18] },
      rounds: 3,
      metrics: [{ part: 6 }, { part: 6 }, { part: 6 }],
    });
    const shards = [[[1]], [[2]], [[3]]];
    expect(runLocally(sum, [[0]], {}, { shards })).toEqual(whole);
  });

  test("is seeded", () => {
    const fn = map({ title: "t", input: range(), map: (_i, { random }) => random() });
    const [a, b] = runLocally(fn, 2);
    expect(a).not.toBe(b);
    expect(runLocally(fn, 2)).toEqual([a, b]);
    expect(runLocally(fn, 2, {}, { seed: 2 })).not.toEqual([a, b]);
  });

  test("throws what the function throws, and says what the grid refuses", () => {
    const failing = map({
      title: "t",
      input: range(),
      map: (i) => {
        if (i === 0) throw new RangeError("mine");
        return i;
      },
    });
    expect(() => runLocally(failing, 1)).toThrow(RangeError);
    const refused = map({ title: "t", input: range(), map: (i) => (i === 1 ? 1n : 0) });
    expect(() => runLocally(refused, 2)).toThrow(/bigint.*record 1.*Number/);
    expect(() => runLocally(sum, [[1]], { rounds: 9 }, { roundsMax: 2 })).toThrow(
      "within 2 rounds",
    );
  });
});
