import { expect, test } from "vitest";
import type { ParamSchema } from "../../protocol/guest.ts";
import { fillParams } from "./params.ts";

const schemas: Record<string, ParamSchema> = {
  k: { type: "integer", default: 8, minimum: 1, maximum: 64 },
  tolerance: { type: "number", default: 1e-4 },
  mode: { type: "string", default: "fast", enum: ["fast", "exact"] },
  weights: { type: "array", default: [], items: { type: "number" } },
};

test("defaults fill what is not given", () => {
  expect(fillParams(schemas, { k: 3 })).toEqual({
    k: 3,
    tolerance: 1e-4,
    mode: "fast",
    weights: [],
  });
  expect(fillParams(schemas, undefined)).toEqual({
    k: 8,
    tolerance: 1e-4,
    mode: "fast",
    weights: [],
  });
});

test.each([
  [{ k: "3" }, "k", 'Parameter "k" must be a whole number, not "3".'],
  [{ k: 3.5 }, "k", "a whole number, not 3.5"],
  [{ k: 0 }, "k", "at least 1"],
  [{ k: 65 }, "k", "at most 64"],
  [{ k: null }, "k", "a whole number, not null"],
  [{ mode: "slow" }, "mode", 'one of "fast", "exact"'],
  [{ weights: [1, "a"] }, "weights", "item 1 is"],
  [{ tolerance: true }, "tolerance", "a number, not true"],
])("%o is refused at %s", (given, param, message) => {
  expect(() => fillParams(schemas, given)).toThrow(message);
  expect(() => fillParams(schemas, given)).toThrow(
    expect.objectContaining({ code: "bad-param", details: expect.objectContaining({ param }) }),
  );
});

test("a misspelt parameter names the one that was meant", () => {
  expect(() => fillParams(schemas, { tolerence: 1 })).toThrow(
    expect.objectContaining({
      code: "unknown-param",
      details: { param: "tolerence", hint: 'Did you mean "tolerance"?' },
    }),
  );
});

test("names of Object.prototype are ordinary names", () => {
  expect(() => fillParams(schemas, JSON.parse('{"__proto__": 1}'))).toThrow(
    expect.objectContaining({ code: "unknown-param" }),
  );
  const hostile = Object.fromEntries([["constructor", { type: "number" as const }]]);
  expect(() => fillParams(hostile, {})).toThrow(expect.objectContaining({ code: "bad-param" }));
});
