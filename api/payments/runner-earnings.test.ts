import { afterEach, beforeEach, expect, test } from "vitest";
import { earnerOf, parseEarner } from "../../protocol/earner.ts";
import { CallMeter } from "./call-meter.ts";
import { RunnerEarnings } from "./runner-earnings.ts";
import { credit, MoneyRig, testTerms } from "./testing/money-rig.ts";

const box = { account: "acc_ada", runner: "run_box" };
const utc = (days = 3) => ({ days, offsetMinutes: 0 });

let rig: MoneyRig;
let nowMs: number;
let earnings: RunnerEarnings;
beforeEach(async () => {
  rig = await MoneyRig.open();
  nowMs = Date.parse("2026-11-23T21:10:00Z");
  const { drizzle, transaction } = rig.database;
  const log = { warn: () => {} };
  earnings = new RunnerEarnings({ database: drizzle, transaction, clock: () => nowMs, log });
});
afterEach(async () => {
  earnings.close();
  await rig.close();
});

test("are added up in all and by day, and a machine is known from its first credit on", () => {
  expect(earnings.read(box, utc())).toMatchObject({ known: false, totalMicro: 0 });
  earnings.paid(box, 5);
  earnings.paid(box, 7);
  earnings.paid({ ...box, runner: "run_other" }, 100);
  nowMs = Date.parse("2026-11-25T00:00:00Z");
  earnings.paid(box, 1);
  expect(earnings.read(box, utc())).toEqual({
    known: true,
    totalMicro: 13,
    days: [
      { date: "2026-11-23", micro: 12 },
      { date: "2026-11-24", micro: 0 },
      { date: "2026-11-25", micro: 1 },
    ],
  });
  expect(earnings.read({ ...box, account: "acc_bob" }, utc()).known).toBe(false);
});

test("belong to the days of whoever looks", () => {
  earnings.paid(box, 5); // 02:55 of the next day in Kathmandu, 13:10 in California
  const dayIn = (offsetMinutes: number) =>
    earnings.read(box, { days: 2, offsetMinutes }).days.filter(({ micro }) => micro > 0);
  expect(dayIn(5 * 60 + 45)).toEqual([{ date: "2026-11-24", micro: 5 }]);
  expect(dayIn(-8 * 60)).toEqual([{ date: "2026-11-23", micro: 5 }]);
});

test("of old days are forgotten, what was earned in all is not", () => {
  earnings.paid(box, 5);
  nowMs += 70 * 86_400_000;
  earnings.trim();
  const { totalMicro, days } = earnings.read(box, utc(60));
  expect([totalMicro, days.length]).toEqual([5, 60]);
  nowMs -= 70 * 86_400_000;
  expect(earnings.read(box, utc()).days.at(-1)!.micro).toBe(0);
});

test("for jobs are what the settlement paid, machine by machine", async () => {
  rig.grant("acc_consumer", 100);
  const settlement = rig.settlement({
    onPaid: (earner, micro) => earnings.paid(parseEarner(earner), micro),
  });
  await rig.job("job_1", 20);
  await rig.answer("job_1", earnerOf(box.account, box.runner), 4, 1e9);
  await rig.answer("job_1", earnerOf(box.account, "run_other"), 1, 1e9);
  await rig.end("job_1", "succeeded");
  await settlement.settle("job_1");
  await settlement.settle("job_1");
  expect(earnings.read(box, utc()).totalMicro).toBe(4 * credit);
  expect(rig.credits("wallet:acc_ada")).toBe(5);
});

test("for calls are those of the machine that answered; one's own pay nothing", async () => {
  rig.grant("acc_consumer", 100);
  const meter = new CallMeter({
    ledger: rig.ledger,
    run: "test",
    clock: () => nowMs,
    log: { warn: () => {} },
    onPaid: (earner, micro) => earnings.paidForCalls(parseEarner(earner), micro),
  });
  const terms = { ...testTerms, function: "author/f", author: "acc_author" };
  meter.admit("acc_consumer", "author/f v1", terms).end();
  meter.charge("acc_consumer", "author/f v1", earnerOf(box.account, box.runner), 2e9);
  meter.charge("acc_consumer", "author/f v1", earnerOf(box.account, "run_other"), 1e9);
  meter.charge("acc_consumer", "author/f v1", earnerOf("acc_consumer", "run_mine"), 1e9);
  await meter.close();
  earnings.flush();
  earnings.flush();
  expect(earnings.read(box, utc()).totalMicro).toBe(2 * credit);
  expect(earnings.read({ account: "acc_consumer", runner: "run_mine" }, utc()).totalMicro).toBe(0);
  expect(rig.ledger.history({ account: "wallet:acc_ada", limit: 1 })[0]).toMatchObject({
    kind: "call",
    about: { runner: expect.stringMatching(/run_(box|other)/) },
  });
});
