import { expect, test } from "vitest";
import { seen } from "./seen-state.ts";

test("a network, centres, and anything else are told apart", () => {
  const layer = { inputs: 2, outputs: 1, weights: [1, 2], biases: [0] };
  expect(seen({ scale: 1, layers: [layer] })).toMatchObject({ type: "layers", units: 1 });
  expect(seen({ centres: [[1, 2]], counts: [3], inertia: 0 })).toMatchObject({ type: "centres" });
  for (const value of [null, 1, "x", [], {}, { layers: [] }, { centres: ["x"] }])
    expect(seen(value)).toEqual({ type: "other" });
});
