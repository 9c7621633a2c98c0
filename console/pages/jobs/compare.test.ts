import { expect, test } from "vitest";
import { byMetric } from "./compare.ts";

test("both jobs stand on one axis, also where only one of them has a round or a metric", () => {
  const a = { rounds: [1, 2, 3], series: new Map([["loss", [3, 2, 1]]]) };
  const b = {
    rounds: [1, 3, 5],
    series: new Map([
      ["loss", [6, 5, 4]],
      ["moved", [1, 1, 0]],
    ]),
  };
  expect(byMetric([a, b])).toEqual([
    {
      metric: "loss",
      x: [1, 2, 3, 5],
      series: [
        { label: "A", values: [3, 2, 1, null] },
        { label: "B", values: [6, null, 5, 4] },
      ],
    },
    {
      metric: "moved",
      x: [1, 2, 3, 5],
      series: [
        { label: "A", values: [null, null, null, null] },
        { label: "B", values: [1, null, 1, 0] },
      ],
    },
  ]);
});
