import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GridError } from "../../protocol/errors.ts";
import { payoutRequestSchema, setRateRequestSchema } from "../../protocol/http-payouts.ts";
import { newId } from "../../protocol/ids.ts";
import { MoneyRig } from "../testing/money-rig.ts";
import { createPayoutsArea } from "./index.ts";
import { Payouts } from "./payouts.ts";
import { manualProvider, type PayoutProvider } from "./provider.ts";
import { payoutRates, payouts as payoutsTable } from "./schema.ts";

let rig: MoneyRig;
let area: ReturnType<typeof createPayoutsArea>;
beforeEach(async () => {
  rig = await MoneyRig.open();
  area = createPayoutsArea(rig.database, rig.ledger, rig.clock);
});
afterEach(() => rig.end());

const operator = "acc_operator";
const ada = "acc_ada";
const wallet = () => rig.ledger.balance(`wallet:${ada}`);
const paid = () => rig.available("paid");

function setRate(more: object = {}) {
  const request = { currency: "EUR", minorPerCredit: 0.83, minimum: 100, fee: 25, ...more };
  const parsed = setRateRequestSchema.parse(request);
  return area.rates.publish(newId("payoutRate", rig.nowMs), operator, parsed);
}

function ask(credits: number, more: object = {}, id = newId("payout", rig.nowMs)) {
  const request = { credits, currency: "EUR", destination: "IBAN 1", ...more };
  return area.payouts.request(id, ada, payoutRequestSchema.parse(request));
}

describe("a payout", () => {
  beforeEach(() => {
    rig.grant(ada, 1_000);
    setRate();
  });

  test("sets credits aside, and is paid once, with its reference", async () => {
    const { id, amountMinor } = ask(500);
    expect(amountMinor).toBe(415 - 25);
    expect(wallet()).toMatchObject({ available: 500_000_000, pendingOut: 500_000_000 });
    await area.payouts.pay(id, operator, "SEPA-1");
    const again = await area.payouts.pay(id, operator, "SEPA-1");
    expect(again).toMatchObject({ state: "paid", reference: "SEPA-1", endedBy: operator });
    expect(wallet()).toMatchObject({ available: 500_000_000, pendingOut: 0 });
    expect(paid()).toBe(500_000_000);
    await expect(area.payouts.pay(id, operator, "SEPA-2")).rejects.toThrow("is paid");
    expect(() => area.payouts.reject(id, operator, "no")).toThrow("is paid");
    expect(() => area.payouts.withdraw(id, ada)).toThrow("is paid");
  });

  test("that is rejected or withdrawn gives the credits back, once", () => {
    const rejected = ask(500).id;
    const withdrawn = ask(400).id;
    expect(wallet().available).toBe(100_000_000);
    area.payouts.reject(rejected, operator, "no such account");
    area.payouts.reject(rejected, operator, "no such account");
    area.payouts.withdraw(withdrawn, ada);
    area.payouts.withdraw(withdrawn, ada);
    expect(wallet()).toMatchObject({ available: 1_000_000_000, pendingOut: 0 });
    expect(paid()).toBe(0);
    expect(area.payouts.get(rejected).reason).toBe("no such account");
  });

  test("that the operator has begun to pay cannot be withdrawn", async () => {
    const { id } = ask(500);
    expect((await area.payouts.pay(id, operator, undefined)).payingSinceMs).toBe(rig.nowMs);
    expect(() => area.payouts.withdraw(id, ada)).toThrow("being paid");
    expect((await area.payouts.pay(id, operator, "R")).state).toBe("paid");
  });

  test("under the same id is asked for once", () => {
    const first = ask(500, {}, "pay_1");
    expect(ask(500, {}, "pay_1")).toEqual(first);
    expect(wallet().pendingOut).toBe(500_000_000);
  });

  test("that the wallet does not cover leaves nothing behind", () => {
    expect(() => ask(1_000.000001)).toThrow(GridError);
    expect(area.payouts.list({ limit: 10 })).toEqual([]);
    expect(wallet()).toMatchObject({ available: 1_000_000_000, pendingOut: 0 });
  });

  test("waits for the operator for years", () => {
    const { id } = ask(500);
    rig.pass(10 * 366 * 86_400);
    rig.ledger.expire(rig.nowMs);
    expect(wallet().pendingOut).toBe(500_000_000);
    expect(area.payouts.withdraw(id, ada).state).toBe("withdrawn");
  });

  test("of another account is not there", () => {
    const { id } = ask(500);
    expect(() => area.payouts.get(id, "acc_bob")).toThrow(`There is no payout ${id}`);
    expect(() => area.payouts.withdraw(id, "acc_bob")).toThrow(`There is no payout ${id}`);
  });

  test("is refused for a currency without a rate, below the minimum, or when the rate has changed", () => {
    expect(() => ask(500, { currency: "USD" })).toThrow("not exchanged for USD");
    expect(() => ask(99.999999)).toThrow("at least 100 credits");
    const { id } = area.rates.current("EUR");
    rig.pass(1);
    setRate({ minorPerCredit: 0.8 });
    expect(() => ask(500, { rate: id })).toThrow("has changed");
    expect(ask(500, { rate: area.rates.current("EUR").id }).grossMinor).toBe(400);
  });

  test("cannot be had more than twenty at a time", () => {
    setRate({ minimum: 40, fee: 0 });
    for (let i = 0; i < 20; i++) ask(40);
    expect(() => ask(40)).toThrow("20 open payouts");
  });

  test("stays as it ended, by the database itself", () => {
    const { id } = ask(500);
    area.payouts.withdraw(id, ada);
    const { drizzle } = rig.database;
    expect(() => drizzle.update(payoutsTable).set({ state: "requested" }).run()).toThrow();
    expect(() => drizzle.delete(payoutsTable).run()).toThrow();
  });
});

describe("a provider", () => {
  beforeEach(() => {
    rig.grant(ada, 1_000);
    setRate();
  });
  const withProvider = (provider: PayoutProvider) =>
    new Payouts({
      database: rig.database,
      ledger: rig.ledger,
      rates: area.rates,
      provider,
      clock: rig.clock,
    });

  test("that surely did not pay leaves the request open; one that may have keeps it from being withdrawn", async () => {
    const failing = (error: Error): PayoutProvider => ({
      ...manualProvider,
      pay: async () => {
        throw error;
      },
    });
    const refused = withProvider(failing(new GridError("bad-request", "no such account")));
    const { id } = ask(500);
    await expect(refused.pay(id, operator, undefined)).rejects.toThrow("no such account");
    expect(area.payouts.get(id).payingSinceMs).toBeNull();
    const lost = withProvider(failing(new Error("socket hang up")));
    await expect(lost.pay(id, operator, undefined)).rejects.toThrow("hang up");
    expect(() => area.payouts.withdraw(id, ada)).toThrow("being paid");
    expect((await area.payouts.pay(id, operator, "found it")).state).toBe("paid");
  });

  test("that pays while the request is withdrawn in another tab has won", async () => {
    const gate = Promise.withResolvers<void>();
    const slow = withProvider({
      ...manualProvider,
      pay: async () => {
        await gate.promise;
        return { state: "paid", reference: "R" };
      },
    });
    const { id } = ask(500);
    const paying = slow.pay(id, operator, undefined);
    expect(() => area.payouts.withdraw(id, ada)).toThrow("being paid");
    gate.resolve();
    expect((await paying).state).toBe("paid");
    expect(paid()).toBe(500_000_000);
  });
});

describe("rates", () => {
  test("hold from their time until the next one's; the history stays", () => {
    const first = setRate();
    const at = (seconds: number) => new Date(rig.nowMs + seconds * 1_000).toISOString();
    const later = setRate({ minorPerCredit: 1, validFrom: at(60) });
    setRate({ currency: "JPY", minorPerCredit: 1, fee: 0 });
    expect(area.rates.current("EUR").id).toBe(first.id);
    rig.pass(60);
    expect(area.rates.current("EUR").id).toBe(later.id);
    expect(area.rates.list({ current: false, limit: 10 })).toHaveLength(3);
    const now = area.rates.list({ current: true, limit: 10 }).map(area.rates.toWire());
    expect(now.map(({ currency, decimals, current }) => [currency, decimals, current])).toEqual([
      ["JPY", 0, true],
      ["EUR", 2, true],
    ]);
  });

  test("of two for the same moment the later published holds", () => {
    setRate();
    const second = setRate({ minorPerCredit: 2 });
    expect(area.rates.current("EUR").id).toBe(second.id);
  });

  test("are not published for the past, nor so that the least payout pays nothing", () => {
    const validFrom = new Date(rig.nowMs - 1).toISOString();
    expect(() => setRate({ validFrom })).toThrow("the past stays");
    expect(() => setRate({ minimum: 30 })).toThrow("would pay nothing");
    expect(() => setRate({ minimum: 0, fee: 0 })).toThrow("would pay nothing");
  });

  test("of 0 end the exchange for a currency", () => {
    rig.grant(ada, 1_000);
    setRate();
    setRate({ minorPerCredit: 0 });
    expect(() => ask(500)).toThrow("any more");
  });

  test("are never changed or removed, by the database itself", () => {
    setRate();
    const { drizzle } = rig.database;
    expect(() => drizzle.update(payoutRates).set({ feeMinor: 1 }).run()).toThrow();
    expect(() => drizzle.delete(payoutRates).run()).toThrow();
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 1_000_001, 0.0000001, 1.1234567])(
    "of %s are refused",
    (minorPerCredit) => {
      expect(() => setRate({ minorPerCredit })).toThrow();
    },
  );
});
