import { expect, test } from "vitest";
import { earnerOf, parseEarner } from "./earner.ts";

test("an earner names an account and one of its runners", () => {
  expect(parseEarner(earnerOf("acc_1", "run_2"))).toEqual({ account: "acc_1", runner: "run_2" });
});

test("a runner that calls itself like another account stays its own account's", () => {
  const earner = earnerOf("acc_liar", "acc_1 run_2 ");
  expect(parseEarner(earner)).toEqual({ account: "acc_liar", runner: "acc_1 run_2 " });
  expect(earner).not.toBe(earnerOf("acc_liar acc_1", "run_2"));
});
