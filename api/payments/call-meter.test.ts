import { afterEach, beforeEach, expect, test } from "vitest";
import { CallMeter } from "./call-meter.ts";
import { MoneyRig, testTerms } from "./testing/money-rig.ts";

const terms = { ...testTerms, function: "author/f", author: "acc_author" };
const key = "author/f v1";
const caller = "acc_consumer";

let rig: MoneyRig;
let nowMs: number;
let runs = 0;
let warnings: string[];
const opened: CallMeter[] = [];
beforeEach(async () => {
  rig = await MoneyRig.open();
  nowMs = 1000;
  warnings = [];
});
afterEach(async () => {
  for (const meter of opened.splice(0)) await meter.close();
  expect(rig.ledger.verify().violation).toBeUndefined();
  await rig.close();
});

function open(): CallMeter {
  const log = { warn: (_: object, text: string) => void warnings.push(text) };
  const meter = new CallMeter({
    ledger: rig.ledger,
    run: `test${runs++}`,
    clock: () => nowMs,
    log,
  });
  opened.push(meter);
  return meter;
}

test("calls are added up to the microcredit and posted together", async () => {
  rig.grant(caller, 1);
  const meter = open();
  for (let i = 0; i < 1000; i++) {
    const admission = meter.admit(caller, key, terms);
    meter.charge(caller, key, "acc_provider", 1_234);
    admission.end();
  }
  await meter.close();
  // 1,234,000 fuel are 1,234 microcredits, though no single call comes to a whole number of them.
  expect(rig.ledger.balance("wallet:acc_provider").available).toBe(1234);
  expect(rig.ledger.balance("wallet:acc_author").available).toBe(123);
  expect(rig.ledger.balance("platform").available).toBe(61);
  expect(rig.ledger.history({ account: "wallet:acc_provider", limit: 9 })).toMatchObject([
    { kind: "call", about: { function: "author/f", calls: 1000, fuel: 1_234_000 } },
  ]);
  expect(warnings).toEqual([]);
});

test("who has nothing is refused before the call, who has less than it will cost as well", () => {
  const meter = open();
  expect(() => meter.admit(caller, key, terms)).toThrow(/0 credits in the wallet/);
  rig.grant(caller, 2);
  nowMs += 1000;
  meter.admit(caller, key, terms).end();
  meter.charge(caller, key, "acc_provider", 1e9);
  expect(() => meter.admit(caller, key, terms)).toThrow(/takes about 1.15 credits/);
});

test("calls under way count against the wallet until they end", () => {
  rig.grant(caller, 5);
  const meter = open();
  meter.admit(caller, key, terms).end();
  meter.charge(caller, key, "acc_provider", 1e9);
  const under = [1, 2, 3].map(() => meter.admit(caller, key, terms));
  expect(() => meter.admit(caller, key, terms)).toThrow(/credits/);
  under[0]!.end();
  meter.admit(caller, key, terms);
});

test("nobody pays himself, neither for work nor a royalty", async () => {
  rig.grant(caller, 10);
  rig.grant("acc_author", 10);
  const meter = open();
  meter.admit(caller, key, terms).end();
  meter.charge(caller, key, caller, 1e9);
  meter.admit("acc_author", key, terms).end();
  meter.charge("acc_author", key, "acc_provider", 1e9);
  await meter.close();
  const credits = ["wallet:acc_consumer", "wallet:acc_author", "wallet:acc_provider"];
  expect(credits.map((account) => rig.credits(account))).toEqual([9.85, 9.05, 1]);
});

test("what does not fit is paid once there are credits, and never twice", async () => {
  rig.grant(caller, 1);
  const meter = open();
  meter.admit(caller, key, terms).end();
  meter.charge(caller, key, "acc_provider", 2e9);
  await meter.post();
  expect(rig.credits("wallet:acc_provider")).toBe(0);
  rig.grant(caller, 9);
  await meter.post();
  await meter.post();
  expect(rig.credits("wallet:acc_provider")).toBe(2);
  await meter.close();
  expect(warnings).toEqual([]);
});

test("two runs of a process never use the same ids", async () => {
  rig.grant(caller, 10);
  for (let run = 0; run < 2; run++) {
    const meter = open();
    meter.admit(caller, key, terms).end();
    meter.charge(caller, key, "acc_provider", 1e9);
    await meter.close();
  }
  expect(rig.credits("wallet:acc_provider")).toBe(2);
});
