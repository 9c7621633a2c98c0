import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pack, unpack } from "./pack.ts";
import { Refusal } from "./refusal.ts";

const roundTrip = (value: unknown): unknown => {
  const packed = pack(value);
  expect(packed.length % 8).toBe(0);
  // Somewhere in a larger buffer, as partials are joined.
  const joined = new Uint8Array(packed.length + 24);
  joined.set(packed, 16);
  return unpack(joined.buffer, 16, packed.length);
};

const typed = fc.oneof(
  fc.float64Array(),
  fc.float32Array(),
  fc.int8Array(),
  fc.uint8Array(),
  fc.uint8ClampedArray(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
);

const value = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, false, NaN, Infinity, -Infinity, -0, 0, 1.5),
    fc.double(),
    fc.string({ unit: "binary" }),
    typed,
    fc.array(tie("node")),
    fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom("$number", "$bytes", "$object", "$typed", "__proto__")),
      tie("node"),
      { noNullPrototype: true },
    ),
  ),
})).node;

describe("pack and unpack", () => {
  test("give back any value of JSON, odd numbers and typed arrays", () => {
    fc.assert(
      fc.property(value, (before) => {
        expect(roundTrip(before)).toStrictEqual(before);
      }),
      { numRuns: 500, verbose: 1 },
    );
  });

  test("give the same bytes for the same value", () => {
    fc.assert(
      fc.property(value, (before) => {
        expect(pack(roundTrip(before))).toEqual(pack(before));
      }),
    );
  });

  test("keep holes and undefined in arrays, and leave undefined properties out", () => {
    expect(roundTrip([1, undefined, 3])).toStrictEqual([1, undefined, 3]);
    expect(roundTrip({ a: undefined, b: 1 })).toStrictEqual({ b: 1 });
  });

  test("give copies: writing to one reaches no other", () => {
    const packed = pack({ a: new Float64Array([1, 2]) });
    const first = unpack(packed.buffer, 0, packed.length) as { a: Float64Array };
    first.a[0] = 9;
    expect(unpack(packed.buffer, 0, packed.length)).toEqual({ a: new Float64Array([1, 2]) });
  });

  test("carry the part of a buffer that a view shows, not what its properties claim", () => {
    const view = new Float64Array(new ArrayBuffer(64), 8, 2).fill(3);
    Object.defineProperty(view, "byteLength", { value: 1e6 });
    Object.defineProperty(view, "length", { value: 1e6 });
    expect(roundTrip([view])).toEqual([new Float64Array([3, 3])]);
  });

  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  test.each([
    ["a Map", new Map(), "Object.fromEntries"],
    ["a Set", new Set(), "[...set]"],
    ["a promise", Promise.resolve(1), "synchronous"],
    ["a bigint", { a: 1n }, "Number"],
    ["a function", { a: () => 1 }, "plain data"],
    ["a date", { at: new Date(0) }, "plain objects"],
    ["a class instance", new (class Point {})(), "plain objects"],
    ["a DataView", new DataView(new ArrayBuffer(1)), "typed array"],
    ["a cycle", cyclic, ""],
  ])("refuse %s with a hint", (_name, bad, hint) => {
    try {
      pack(bad);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(Refusal);
      expect((error as Refusal).code).toBe("bad-output");
      expect((error as Refusal).hint ?? "").toContain(hint);
    }
  });
});
