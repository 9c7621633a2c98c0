import { describe, expectTypeOf, test } from "vitest";
import {
  bytes,
  constant,
  csv,
  type Emit,
  type GridFunction,
  items,
  iterate,
  lines,
  map,
  mapReduce,
  matrix,
  ndjson,
  param,
  type Rows,
  range,
  text,
} from "./index.ts";
import type { NoSpecs, UsesOf } from "./types.ts";

type OutOf<F> =
  F extends GridFunction<string, infer _I, infer _P, infer _U, infer Out> ? Out : never;

describe("types of a map", () => {
  test("record, params, uses and output are inferred", () => {
    const fn = map({
      title: "t",
      input: ndjson<{ price: number }>(),
      params: { factor: 2, unit: "eur", round: true, weights: [1, 2] },
      uses: { rates: constant<Record<string, number>>() },
      map(record, { params, uses, random, shard, record: index }) {
        expectTypeOf(record).toEqualTypeOf<{ price: number }>();
        expectTypeOf(params.factor).toEqualTypeOf<number>();
        expectTypeOf(params.unit).toEqualTypeOf<string>();
        expectTypeOf(params.round).toEqualTypeOf<boolean>();
        expectTypeOf(params.weights).toEqualTypeOf<readonly number[]>();
        expectTypeOf(uses.rates).toEqualTypeOf<Record<string, number>>();
        expectTypeOf(random()).toEqualTypeOf<number>();
        expectTypeOf(shard.count).toEqualTypeOf<number>();
        expectTypeOf(index).toEqualTypeOf<number>();
        // @ts-expect-error no such parameter
        params.missing;
        return { total: record.price * params.factor };
      },
      example: { input: [{ price: 1 }], params: { factor: 3 }, uses: { rates: {} } },
    });
    expectTypeOf<OutOf<typeof fn>>().toEqualTypeOf<{ total: number }>();
  });

  test("each input gives its record", () => {
    map({ title: "t", input: text(), map: (r) => expectTypeOf(r).toEqualTypeOf<string>() });
    map({ title: "t", input: lines(), map: (r) => expectTypeOf(r).toEqualTypeOf<string>() });
    map({
      title: "t",
      input: csv(),
      map: (r) => expectTypeOf(r).toEqualTypeOf<Record<string, string>>(),
    });
    map({
      title: "t",
      input: csv({ columns: ["a", "b"] }),
      map: (r) => expectTypeOf(r).toEqualTypeOf<Record<"a" | "b", string>>(),
    });
    map({
      title: "t",
      input: matrix(),
      map: (r) => expectTypeOf(r).toEqualTypeOf<Float64Array<ArrayBuffer>>(),
    });
    map({
      title: "t",
      input: bytes({ size: 4 }),
      map: (r) => expectTypeOf(r).toEqualTypeOf<Uint8Array<ArrayBuffer>>(),
    });
    map({ title: "t", input: range(), map: (r) => expectTypeOf(r).toEqualTypeOf<number>() });
    map({
      title: "t",
      input: items<Date>(),
      map: (r) => expectTypeOf(r).toEqualTypeOf<Date>(),
    });
  });

  test("a content type goes with bytes only", () => {
    map({ title: "t", input: range(), map: () => new Uint8Array(4), output: "image/png" });
    const image = map({
      title: "t",
      input: range(),
      params: { width: 4 },
      map: (_i, { params }) => new Uint8Array(params.width),
      output: "image/png",
    });
    expectTypeOf<OutOf<typeof image>>().toEqualTypeOf<Uint8Array<ArrayBuffer>>();
    // @ts-expect-error a number is not bytes
    map({ title: "t", input: range(), map: (i) => i, output: "image/png" });
    // @ts-expect-error a number is not bytes
    map({ title: "t", input: range(), map: () => 4, output: "image/png" });
  });

  test("schema helpers give their types", () => {
    map({
      title: "t",
      input: range(),
      params: {
        k: param.integer(8, { min: 1, max: 64, title: "Clusters" }),
        mode: param.choice(["fast", "exact"]),
        tags: param.list(["a"]),
        on: param.boolean(true),
      },
      map(_i, { params }) {
        expectTypeOf(params.k).toEqualTypeOf<number>();
        expectTypeOf(params.mode).toEqualTypeOf<"fast" | "exact">();
        expectTypeOf(params.tags).toEqualTypeOf<readonly string[]>();
        expectTypeOf(params.on).toEqualTypeOf<boolean>();
        return null;
      },
    });
    // @ts-expect-error the default is not among the choices
    param.choice(["fast", "exact"], { default: "slow" });
  });
});

describe("types of a mapReduce", () => {
  test("values are numbers when nothing says otherwise", () => {
    const fn = mapReduce({
      title: "Word count",
      input: lines(),
      map(line, emit) {
        expectTypeOf(emit).toEqualTypeOf<Emit<number>>();
        for (const word of line.toLowerCase().match(/\p{L}+/gu) ?? []) emit(word, 1);
        // @ts-expect-error values are numbers
        emit("a", "b");
      },
      reduce: (_word, counts) => counts.reduce((sum, n) => sum + n, 0),
      combine: true,
    });
    expectTypeOf<OutOf<typeof fn>>().toEqualTypeOf<number>();
  });

  test("an annotated emit gives the values of reduce and combine", () => {
    const fn = mapReduce({
      title: "t",
      input: lines(),
      map(line, emit: Emit<{ n: number }>) {
        emit(line, { n: 1 });
      },
      combine: (_key, values) => {
        expectTypeOf(values).toEqualTypeOf<{ n: number }[]>();
        return values[0]!;
      },
      reduce(_key, values) {
        expectTypeOf(values).toEqualTypeOf<{ n: number }[]>();
        return String(values.length);
      },
    });
    expectTypeOf<OutOf<typeof fn>>().toEqualTypeOf<string>();
  });

  test("an annotated reduce gives the values of emit", () => {
    const fn = mapReduce({
      title: "t",
      input: lines(),
      map(line, emit) {
        expectTypeOf(emit).toEqualTypeOf<Emit<string>>();
        emit(line, line);
      },
      reduce: (key: string, values: string[]) => key.length + values.length,
    });
    expectTypeOf<OutOf<typeof fn>>().toEqualTypeOf<number>();
  });

  test("with combine: true, reduce gives what emit takes", () => {
    // @ts-expect-error reduce gives no number, so it cannot fold numbers
    mapReduce({
      title: "t",
      input: lines(),
      map(line, emit: Emit<number>) {
        emit(line, 1);
      },
      reduce: (_key, values) => String(values.length),
      combine: true,
    });
  });
});

describe("types of an iterate", () => {
  test("state comes from init, partial from map; merge, step and finish are checked against them", () => {
    const fn = iterate({
      title: "k-means",
      input: matrix(),
      params: { k: 8, tolerance: 1e-4 },
      init({ params, sample, random, uses }) {
        expectTypeOf(sample).toEqualTypeOf<Rows>();
        expectTypeOf(random()).toEqualTypeOf<number>();
        expectTypeOf(uses).toEqualTypeOf<UsesOf<NoSpecs>>();
        return { centroids: new Float64Array(params.k * sample.width), moved: 0 };
      },
      map(rows, state, { round, shard }) {
        expectTypeOf(rows).toEqualTypeOf<Rows>();
        expectTypeOf(state.moved).toEqualTypeOf<number>();
        expectTypeOf(round).toEqualTypeOf<number>();
        expectTypeOf(shard.index).toEqualTypeOf<number>();
        return { sums: new Float64Array(2), inertia: rows[0]! };
      },
      merge: (a, b) => ({ sums: a.sums, inertia: a.inertia + b.inertia }),
      step(state, total, { params }) {
        expectTypeOf(total.inertia).toEqualTypeOf<number>();
        return {
          state: { centroids: state.centroids.map((x) => x), moved: 1 },
          done: total.inertia < params.tolerance,
          metrics: { inertia: total.inertia },
        };
      },
      finish: (state) => Array.from(state.centroids),
    });
    expectTypeOf<OutOf<typeof fn>>().toEqualTypeOf<number[]>();
  });

  test("the state is the result when there is no finish", () => {
    const fn = iterate({
      title: "t",
      input: range(),
      init: ({ sample }) => ({ hits: 0, count: sample.count }),
      map: (span) => span.to - span.from,
      merge: (a, b) => a + b,
      step: (state, total) => ({ state: { ...state, hits: total }, done: true }),
    });
    expectTypeOf<OutOf<typeof fn>>().toEqualTypeOf<{ hits: number; count: number }>();
  });

  test("a merge or step of another type is refused", () => {
    iterate({
      title: "t",
      input: lines(),
      init: () => ({ n: 0 }),
      map: (shard) => shard.length,
      // @ts-expect-error the partial is a number
      merge: (a, b) => `${a}${b}`,
      step: (state) => ({ state }),
    });
    iterate({
      title: "t",
      input: lines(),
      init: () => ({ n: 0 }),
      map: (shard) => shard.length,
      merge: (a, b) => a + b,
      // @ts-expect-error the state has n
      step: (_state) => ({ state: { m: 1 } }),
    });
  });
});
