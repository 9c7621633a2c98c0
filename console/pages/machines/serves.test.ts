import { expect, test } from "vitest";
import { servesOf } from "./serves.ts";

const labels = (runner: Parameters<typeof servesOf>[0]) =>
  servesOf(runner).map(({ label }) => label);

test("a runner serves its owner, everyone and the pools that its owner belongs to", () => {
  expect(servesOf({ pools: ["ada/lab"] })).toEqual([
    { label: "you" },
    { label: "everyone" },
    { label: "ada/lab", href: "/pools/ada/lab" },
  ]);
});

test("a runner that is limited serves those of them that it is limited to", () => {
  expect(labels({ pools: ["ada/lab"], servesOnly: ["ada/lab", "own"] })).toEqual([
    "you",
    "ada/lab",
  ]);
  // A pool that was left is not served, whatever the machine's settings still say.
  expect(labels({ pools: [], servesOnly: ["ada/lab"] })).toEqual([]);
});
