import { afterEach, beforeEach, expect, test } from "vitest";
import { operatorAccount } from "../../protocol/accounts.ts";
import { createGrants } from "./grants.ts";
import { LedgerRig } from "./testing/rig.ts";

let rig: LedgerRig;
beforeEach(() => {
  rig = new LedgerRig();
});
afterEach(() => rig.end());

const grantsOf = (operatorGrantMicro: number, signUpGrantMicro: number) =>
  createGrants({ ledger: rig.ledger, operatorGrantMicro, signUpGrantMicro });

test("a new member and the operator get theirs once, whatever is configured later", () => {
  for (const [times, micro] of [500, 700, 500, 0].entries()) {
    const expected = times === 0 ? "created" : "exists";
    expect(grantsOf(micro, micro).toOperator()).toBe(expected);
    expect(grantsOf(micro, micro).onSignUp("acc_1")).toBe(expected);
  }
  expect(rig.ledger.balance("wallet:acc_1").available).toBe(500);
  expect(rig.ledger.balance(`wallet:${operatorAccount}`).available).toBe(500);
});

test("a grant of nothing is none", () => {
  expect(grantsOf(0, 0).onSignUp("acc_1")).toBe("exists");
  expect(rig.ledger.verify().transfers).toBe(0);
});
