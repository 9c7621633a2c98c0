import { describe, expect, test } from "vitest";
import { descriptionSchema } from "../../../protocol/guest.ts";
import {
  constant,
  csv,
  type Emit,
  iterate,
  lines,
  map,
  mapReduce,
  param,
  range,
} from "../index.ts";
import { guestOf } from "../test-support/guest.ts";

describe("describe", () => {
  test("tells everything the market shows, as the protocol has it", () => {
    const fn = map({
      title: "Price",
      description: "Sums.",
      input: csv({ columns: ["a"] }),
      params: {
        k: param.integer(8, { min: 1, max: 64, title: "Clusters" }),
        mode: param.choice(["fast", "exact"], { default: "exact" }),
        tags: param.list(["x"]),
        name: param.string("n", { max: 9 }),
        rate: 0.5,
        list: [1],
        nested: { deep: [true] },
      },
      uses: { model: constant<number>({ description: "weights" }) },
      map: () => new Uint8Array(1),
      output: "image/png",
      recordsPerTask: 10,
      example: { input: [{ a: "1" }], params: { k: 2 }, uses: { model: 3 } },
    });
    const described = guestOf(fn).describe();
    expect(descriptionSchema.parse(described)).toEqual({
      kind: "map",
      title: "Price",
      description: "Sums.",
      input: { type: "dataset", format: "csv", columns: ["a"] },
      params: {
        k: { type: "integer", default: 8, title: "Clusters", minimum: 1, maximum: 64 },
        mode: { type: "string", default: "exact", enum: ["fast", "exact"] },
        tags: { type: "array", default: ["x"], items: { type: "string" } },
        name: { type: "string", default: "n", maxLength: 9 },
        rate: { type: "number", default: 0.5 },
        list: { type: "array", default: [1], items: { type: "number" } },
        nested: { type: "object", default: { deep: [true] } },
      },
      uses: { model: { description: "weights" } },
      combine: false,
      finish: false,
      output: { type: "bytes", contentType: "image/png" },
      recordsPerTask: 10,
      example: true,
      exampleCall: { input: [{ a: "1" }], params: { k: 2 }, uses: { model: 3 } },
    });
  });

  test("tells the kinds apart", () => {
    const counted = mapReduce({
      title: "t",
      input: lines(),
      map(line, emit: Emit<number>) {
        emit(line, 1);
      },
      reduce: (_key, values) => values.length,
      combine: true,
      reducers: 4,
    });
    expect(guestOf(counted).describe()).toMatchObject({
      kind: "mapReduce",
      combine: true,
      reducers: 4,
    });
    const iterated = iterate({
      title: "t",
      input: range(),
      init: () => 0,
      map: () => 0,
      merge: () => 0,
      step: (state) => ({ state }),
      finish: (state) => state,
      roundsMax: 3,
    });
    expect(guestOf(iterated).describe()).toMatchObject({
      kind: "iterate",
      input: { type: "range" },
      finish: true,
      roundsMax: 3,
    });
  });
});
