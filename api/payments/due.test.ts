import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Account, dueOf } from "./due.ts";
import { costOf, difference, splitOf, type Terms, totalOf } from "./split.ts";

const runs = { numRuns: 3000 };

const anyTerms: fc.Arbitrary<Terms> = fc.record({
  rateMicro: fc.integer({ min: 1, max: 100_000_000 }),
  bidHundredths: fc.integer({ min: 10, max: 10_000 }),
  royaltyBasisPoints: fc.integer({ min: 0, max: 10_000 }),
  feeBasisPoints: fc.integer({ min: 0, max: 2_000 }),
});
const anyAccounts: fc.Arbitrary<Account[]> = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 1e12 }), fc.integer({ min: 0, max: 1e12 })), {
    maxLength: 12,
  })
  .map((list) =>
    list.map(([fuel, paidFuel], i) => ({ earner: `acc_${i} run_${i}`, fuel, paidFuel })),
  );

const terms: Terms = {
  rateMicro: 1_000_000,
  bidHundredths: 100,
  royaltyBasisPoints: 0,
  feeBasisPoints: 0,
};

function owedOf(account: Account, of: Terms): number {
  return Math.max(costOf(account.fuel, of) - costOf(account.paidFuel, of), 0);
}

describe("what a job must pay now", () => {
  test("is all that was earned and not paid, when the hold covers it", () => {
    const accounts = [
      { earner: "a", fuel: 3e9, paidFuel: 1e9 },
      { earner: "b", fuel: 1e9, paidFuel: 1e9 },
    ];
    expect(dueOf(accounts, terms, 2_000_000)).toEqual({
      payments: [{ earner: "a", fuel: 3e9, workMicro: 2_000_000, royaltyMicro: 0, feeMicro: 0 }],
      owedMicro: 0,
    });
  });

  test("is the same share for everyone when the hold does not cover it", () => {
    const accounts = [
      { earner: "a", fuel: 3e9, paidFuel: 0 },
      { earner: "b", fuel: 1e9, paidFuel: 0 },
    ];
    const { payments, owedMicro } = dueOf(accounts, terms, 2_000_000);
    expect(payments.map(({ earner, workMicro }) => [earner, workMicro])).toEqual([
      ["a", 1_500_000],
      ["b", 500_000],
    ]);
    expect(owedMicro).toBe(2_000_000);
  });

  test("takes nothing back when the store has lost what it counted", () => {
    const accounts = [{ earner: "a", fuel: 1e9, paidFuel: 2e9 }];
    expect(dueOf(accounts, terms, 1e9)).toEqual({ payments: [], owedMicro: 0 });
  });

  test("never exceeds what is there, and what is paid and owed is what was earned", () => {
    fc.assert(
      fc.property(
        anyTerms,
        anyAccounts,
        fc.integer({ min: 0, max: 1e12 }),
        (of, accounts, have) => {
          const { payments, owedMicro } = dueOf(accounts, of, have);
          const paidMicro = payments.reduce((total, payment) => total + totalOf(payment), 0);
          const earnedMicro = accounts.reduce((total, account) => total + owedOf(account, of), 0);
          expect(paidMicro).toBeLessThanOrEqual(have);
          expect(paidMicro + owedMicro).toBe(earnedMicro);
          if (earnedMicro <= have) expect(owedMicro).toBe(0);
          // At most some microcredits a receiver stay unused, for what the floors do.
          else
            expect(have - paidMicro).toBeLessThan(Math.max(have / 2, 10 * (accounts.length + 1)));
          for (const { earner, fuel, ...split } of payments) {
            const { paidFuel, fuel: earned } = accounts.find(
              (account) => account.earner === earner,
            )!;
            expect(fuel).toBeGreaterThan(paidFuel);
            expect(fuel).toBeLessThanOrEqual(earned);
            expect(split).toEqual(difference(splitOf(fuel, of), splitOf(paidFuel, of)));
          }
        },
      ),
      runs,
    );
  });

  test("pays in the end what paying at once would, however the hold is filled", () => {
    fc.assert(
      fc.property(
        anyTerms,
        anyAccounts,
        fc.array(fc.nat(1e9), { maxLength: 8 }),
        (of, start, fills) => {
          let accounts = start.map((account) => ({ ...account, paidFuel: 0 }));
          let paidMicro = 0;
          let have = 0;
          for (const fill of [...fills, Number.MAX_SAFE_INTEGER / 2]) {
            have += fill;
            const { payments } = dueOf(accounts, of, have);
            for (const payment of payments) {
              have -= totalOf(payment);
              paidMicro += totalOf(payment);
              accounts = accounts.map((account) =>
                account.earner === payment.earner
                  ? { ...account, paidFuel: payment.fuel }
                  : account,
              );
            }
          }
          expect(paidMicro).toBe(accounts.reduce((total, { fuel }) => total + costOf(fuel, of), 0));
        },
      ),
      runs,
    );
  });
});
