import { afterEach, beforeEach, expect, test } from "vitest";
import { MoneyRig } from "../testing/money-rig.ts";
import { Rates } from "./rates.ts";
import { createRateRows } from "./rows.ts";

const version = "v1";
const operator = "acc_operator";
let rig: MoneyRig;
let nowMs: number;
const opened: Rates[] = [];
beforeEach(async () => {
  rig = await MoneyRig.open();
  nowMs = 1_000_000;
});
afterEach(async () => {
  for (const rates of opened.splice(0)) rates.close();
  await rig.close();
});

function open(): Rates {
  const { drizzle, transaction } = rig.database;
  const rates = new Rates({
    rows: createRateRows(drizzle),
    transaction,
    baseMicro: 5_000_000,
    referenceOwner: operator,
    clock: () => nowMs,
    log: { warn: () => {}, info: () => {} },
  });
  opened.push(rates);
  return rates;
}

/** Eight spans of work or more in which 10^9 fuel take so many seconds. */
function observe(rates: Rates, owner: string, seconds: number): void {
  for (let i = 0; i < 8; i++) rates.observe({ version, owner, fuel: 1e9 / 10, ms: seconds * 100 });
}

test("a version has the platform's rate until its own is known, which jobs from then on get", () => {
  const rates = open();
  expect(rates.rateOf(version)).toMatchObject({ rateMicro: 5_000_000, basis: "base" });
  observe(rates, operator, 90);
  expect(rates.rateOf(version).basis).toBe("base");
  rates.derive();
  expect(rates.rateOf(version)).toEqual({
    version,
    rateMicro: 90_000_000,
    basis: "reference",
    validFromMs: 1_000_000,
    owners: 1,
  });
});

test("rates and what was observed outlive the process", () => {
  const before = open();
  for (const owner of ["a", "b"]) observe(before, owner, 8);
  before.close();
  const after = open();
  expect(after.rateOf(version).basis).toBe("base");
  observe(after, "c", 8);
  after.derive();
  expect(after.rateOf(version)).toMatchObject({ rateMicro: 8_000_000, basis: "owners", owners: 3 });
  expect(open().rateOf(version).rateMicro).toBe(8_000_000);
  expect(after.history(version, 9).map(({ rateMicro }) => rateMicro)).toEqual([
    8_000_000, 5_000_000,
  ]);
});

test("steps are bounded in size and in time, also when the clock goes back", () => {
  const rates = open();
  observe(rates, operator, 10);
  rates.derive();
  const again = (at: number) => {
    nowMs = at;
    for (let i = 0; i < 4; i++) observe(rates, operator, 1000);
    rates.derive();
    return rates.rateOf(version).rateMicro;
  };
  expect(again(1_000_000)).toBe(10_000_000);
  expect(again(0)).toBe(10_000_000);
  expect(again(1_600_000)).toBe(20_000_000);
  expect(again(1_600_001)).toBe(20_000_000);
  expect(again(2_200_000)).toBe(40_000_000);
});
