import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { earnerOf } from "../../protocol/earner.ts";
import { GridError } from "../../protocol/errors.ts";
import { settledIn } from "../ledger/holdings.ts";
import { credit, MoneyRig, testTerms } from "./testing/money-rig.ts";

const consumer = "wallet:acc_consumer";
const provider = "wallet:acc_provider";
const author = "wallet:acc_author";
const earner = earnerOf("acc_provider", "run_1");
const job = "job_1";

let rig: MoneyRig;
beforeEach(async () => {
  rig = await MoneyRig.open();
  rig.grant("acc_consumer", 100);
});
afterEach(async () => {
  expect(rig.ledger.verify({ settledIn }).violation).toBeUndefined();
  expect(rig.warnings).toEqual([]);
  await rig.close();
});

const isClosed = (id: string) => typeof rig.rows.find(id)?.closedAtMs === "number";

describe("a hold", () => {
  test("takes the budget from the wallet, and gives back what is left when the job ends", async () => {
    const settlement = rig.settlement();
    await rig.job(job, 20);
    expect([rig.credits(consumer), rig.credits(`job:${job}`)]).toEqual([80, 20]);
    await rig.answer(job, earner, 4, 1e9);
    await rig.end(job, "succeeded");
    await settlement.settle(job);
    expect(rig.credits(provider)).toBe(4);
    expect(rig.credits(author)).toBe(0.4);
    expect(rig.credits("platform")).toBe(0.2);
    expect(rig.credits(`job:${job}`)).toBe(0);
    expect(rig.credits(consumer)).toBe(100 - 4.6);
    expect(rig.closed.get(job)).toBe(4.6 * credit);
  });

  test("is refused when the wallet has less, and nothing is made", async () => {
    const budget = rig.job(job, 100.000001);
    await expect(budget).rejects.toMatchObject({
      code: "insufficient-credits",
      details: { available: 100, needed: 100.000001 },
    });
    expect(rig.rows.find(job)).toBeUndefined();
    expect(rig.credits(consumer)).toBe(100);
  });

  test("that was undone can be opened again", async () => {
    await rig.job(job, 20);
    rig.holds.undo(job);
    rig.holds.undo(job);
    expect(rig.credits(consumer)).toBe(100);
    await rig.job(job, 30);
    expect([rig.credits(consumer), rig.credits(`job:${job}`)]).toEqual([70, 30]);
    rig.holds.undo(job);
    expect(rig.credits(consumer)).toBe(100);
  });

  test("is topped up once for each key", async () => {
    await rig.job(job, 20);
    rig.holds.topUp(job, "a", 5 * credit);
    rig.holds.topUp(job, "a", 5 * credit);
    rig.holds.topUp(job, "b", 1 * credit);
    expect([rig.credits(consumer), rig.credits(`job:${job}`)]).toEqual([74, 26]);
    expect(rig.rows.find(job)?.heldMicro).toBe(26 * credit);
    expect(() => rig.holds.topUp(job, "c", 75 * credit)).toThrow(/75/);
    expect(() => rig.holds.topUp("job_free", "c", credit)).toThrow(GridError);
  });
});

describe("settlement", () => {
  test.each(["succeeded", "failed", "cancelled"] as const)(
    "pays for accepted work of a job that %s",
    async (status) => {
      const settlement = rig.settlement();
      await rig.job(job, 20);
      await rig.answer(job, earner, 2, 1e9);
      await rig.end(job, status);
      await settlement.settle(job);
      expect([rig.credits(provider), rig.credits(`job:${job}`)]).toEqual([2, 0]);
    },
  );

  test("pays as it goes, and the same work once however often it is asked", async () => {
    const settlement = rig.settlement();
    await rig.job(job, 20);
    await rig.answer(job, earner, 1, 333_333_333);
    await settlement.settle(job);
    const transfers = rig.ledger.verify().transfers;
    await settlement.settle(job);
    await Promise.all([settlement.settle(job), settlement.settle(job)]);
    expect(rig.ledger.verify().transfers).toBe(transfers);
    await rig.answer(job, earner, 2, 333_333_333);
    await settlement.settle(job);
    expect(rig.credits(provider)).toBe(0.999999);
    await rig.answer(job, earner, 1, 1);
    await settlement.settle(job);
    expect(rig.credits(provider)).toBe(1);
  });

  test("tells who watches what the job has cost so far", async () => {
    const settlement = rig.settlement();
    await rig.job(job, 20);
    await rig.answer(job, earner, 1, 1e9);
    await settlement.settle(job);
    await rig.answer(job, earner, 1, 1e9);
    await settlement.settle(job);
    const events = await rig.store.events.read(job, 0, 100);
    expect(events.map(({ event }) => event)).toEqual([
      { type: "settle", fuel: 1e9, cost: 1.15, left: 18.85 },
      { type: "settle", fuel: 2e9, cost: 2.3, left: 17.7 },
    ]);
  });

  test("every runner of every owner is paid for its own work", async () => {
    const settlement = rig.settlement();
    await rig.job(job, 50);
    for (let i = 0; i < 10; i++)
      await rig.answer(job, earnerOf(`acc_${i % 3}`, `run ${i % 5}`), 1, (i + 1) * 1e8);
    await rig.end(job, "succeeded");
    await settlement.settle(job);
    expect([0, 1, 2].map((i) => rig.credits(`wallet:acc_${i}`))).toEqual([2.2, 1.5, 1.8]);
  });

  test("finds by itself what was left open, and closes what the store never knew", async () => {
    await rig.job(job, 20);
    await rig.answer(job, earner, 1, 1e9);
    await rig.end(job, "succeeded");
    rig.holds.open({
      job: "job_lost",
      owner: "acc_consumer",
      author: "acc_author",
      function: "f",
      ...testTerms,
      budgetMicro: 3 * credit,
      createdAtMs: 0,
    });
    rig.lost.add("job_lost");
    const settlement = rig.settlement();
    await settlement.close();
    expect([rig.credits(provider), rig.credits(consumer)]).toEqual([1, 98.85]);
    expect([isClosed(job), isClosed("job_lost")]).toEqual([true, true]);
  });

  test("a provider who is the consumer gets his work back, but for fee and royalty", async () => {
    const settlement = rig.settlement();
    await rig.job(job, 20);
    await rig.answer(job, earnerOf("acc_consumer", "run_1"), 2, 1e9);
    await rig.end(job, "succeeded");
    await settlement.settle(job);
    expect(rig.credits(consumer)).toBe(99.7);
  });
});

describe("a hold that runs dry", () => {
  test("pauses the job, owes the rest, and a top-up pays it and lets the job go on", async () => {
    const settlement = rig.settlement();
    await rig.job(job, 2);
    await rig.answer(job, earner, 3, 1e9);
    await settlement.settle(job);
    const row = rig.rows.find(job)!;
    expect(row.pausedFor).toMatch(/budget is used up: 1.4/);
    expect(rig.credits(provider) + rig.credits(author) + rig.credits("platform")).toBeCloseTo(2, 4);
    expect(rig.asked).toEqual([`pause ${job}`]);
    rig.holds.topUp(job, "k", 10 * credit);
    await settlement.settle(job);
    expect(rig.credits(provider)).toBe(3);
    expect(rig.asked).toEqual([`pause ${job}`, `resume ${job}`]);
    expect(rig.rows.find(job)).toMatchObject({ pausedFor: null, owedMicro: 0 });
  });

  test("is shared by all that are owed, in proportion", async () => {
    const settlement = rig.settlement();
    await rig.job(job, 2, { royaltyBasisPoints: 0, feeBasisPoints: 0 });
    await rig.answer(job, earnerOf("acc_a", "r"), 3, 1e9);
    await rig.answer(job, earnerOf("acc_b", "r"), 1, 1e9);
    await settlement.settle(job);
    expect([rig.credits("wallet:acc_a"), rig.credits("wallet:acc_b")]).toEqual([1.5, 0.5]);
  });

  test("pauses the job before what is under way exceeds it, and lets it go on when it fits after all", async () => {
    const settlement = rig.settlement();
    await rig.job(job, 10);
    await rig.answer(job, earner, 4, 1e9);
    rig.underWay = 4;
    await settlement.settle(job);
    expect(rig.asked).toEqual([]);
    rig.underWay = 5;
    await settlement.settle(job);
    expect(rig.asked).toEqual([`pause ${job}`]);
    expect(rig.rows.find(job)?.pausedFor).toMatch(/nearly used up: 5.4 credits are left/);
    rig.underWay = 0;
    await settlement.settle(job);
    // What was under way then would not fit again: only a top-up helps.
    expect(rig.asked).toHaveLength(1);
    rig.holds.topUp(job, "k", 1 * credit);
    await settlement.settle(job);
    expect(rig.asked.at(-1)).toBe(`resume ${job}`);
  });

  test("of a job that ended is covered by the wallet, then by the platform; what nobody paid is shown", async () => {
    const settlement = rig.settlement();
    rig.grant("platform", 1);
    await rig.job(job, 99, { royaltyBasisPoints: 0, feeBasisPoints: 0 });
    await rig.answer(job, earner, 100, 1.03e9);
    await rig.end(job, "cancelled");
    await settlement.settle(job);
    expect(rig.credits(provider)).toBe(101);
    expect([rig.credits(consumer), rig.credits("platform")]).toEqual([0, 0]);
    expect(rig.rows.find(job)).toMatchObject({ owedMicro: 2 * credit, releasedMicro: 0 });
    expect(isClosed(job)).toBe(true);
  });
});
