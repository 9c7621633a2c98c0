import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalCover } from "../../../protocol/merge-tree.ts";
import { createMerger } from "./partials.ts";
import type { Partial } from "./reply.ts";

const leaf = (index: number): Partial => ({ level: 0, index, fuel: 1, packed: new Uint8Array() });

describe("merging along the tree", () => {
  test("leaves the canonical cover of any run of tasks", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), fc.nat(), (leaves, first, second) => {
        const lo = Math.min(first % leaves, second % leaves);
        const hi = Math.max(first % leaves, second % leaves) + 1;
        const merger = createMerger(leaves, (left, right) => ({
          ...right,
          fuel: left.fuel + right.fuel,
        }));
        for (let task = lo; task < hi; task++) merger.push(leaf(task));
        const nodes = merger.nodes.map(({ level, index }) => ({ level, index }));
        expect(nodes).toEqual(canonicalCover(lo, hi, leaves));
        expect(merger.nodes.reduce((sum, node) => sum + node.fuel, 0)).toBe(hi - lo);
      }),
      { numRuns: 500, verbose: 1 },
    );
  });

  test("stops at the level that a merge task is for", () => {
    const merger = createMerger(8, (_left, right) => right, 1);
    for (let task = 0; task < 4; task++) merger.push(leaf(task));
    expect(merger.nodes.map(({ level, index }) => [level, index])).toEqual([
      [1, 0],
      [1, 1],
    ]);
  });
});
