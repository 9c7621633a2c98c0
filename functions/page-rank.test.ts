import { runLocally } from "sparegrid/testing";
import { expect, test } from "vitest";
import pageRank from "./page-rank.ts";
import { readData, shardsOf } from "./test-support/data.ts";

const reference = JSON.parse(readData("page-rank-reference.json")) as {
  edges: [string, string][];
  ranks: Record<string, number>;
};
const edges = reference.edges.map(([from, to], i) =>
  i % 3 === 0 ? `${from} ${to}` : i % 3 === 1 ? `${from},${to}` : `  ${from}\t${to} `,
);

test.each([1, 7, 100])("ranks are those of the dense eigenvector, %i edges a shard", (size) => {
  const shards = shardsOf(["# a comment", "", ...edges], size);
  const { value } = runLocally(pageRank, shards[0]!, { tolerance: 1e-14 }, { shards });
  expect(value).toHaveLength(Object.keys(reference.ranks).length);
  for (const { node, rank } of value) expect(rank).toBeCloseTo(reference.ranks[node]!, 12);
  expect(value.map(({ rank }) => rank)).toEqual(
    value.map(({ rank }) => rank).toSorted((a, b) => b - a),
  );
});

test("it ends by tolerance or rounds, and lists the top", () => {
  const loose = runLocally(pageRank, edges, { tolerance: 1e-3, top: 3 });
  const tight = runLocally(pageRank, edges, { tolerance: 1e-12 });
  expect(loose.rounds).toBeLessThan(tight.rounds);
  expect(loose.metrics.at(-1)!.moved).toBeLessThanOrEqual(1e-3);
  expect(loose.value).toHaveLength(3);
  expect(loose.value[0]!.node).toBe("hub");
  expect(runLocally(pageRank, edges, { rounds: 5, tolerance: 0 }).rounds).toBe(6);
});

test("what is no edge is refused", () => {
  for (const line of ["lonely", "a b c", "a,"])
    expect(() => runLocally(pageRank, [line])).toThrow(/is not an edge/);
});
