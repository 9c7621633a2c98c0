import { expect, test } from "vitest";
import { rateRequestOf, type TypedRate } from "./rate-request.ts";

const typed: TypedRate = {
  currency: "eur",
  perCredit: "0.0083",
  minimum: 500,
  fee: "0.50",
  from: "",
};

test("money becomes minor units of its currency", () => {
  expect(rateRequestOf(typed)).toEqual({
    currency: "EUR",
    decimals: 2,
    minorPerCredit: 0.83,
    minimum: 500,
    fee: 50,
  });
  const yen = { ...typed, currency: "JPY", perCredit: "1.5", fee: "" };
  expect(rateRequestOf(yen)).toMatchObject({ decimals: 0, minorPerCredit: 1.5, fee: 0 });
});

test.each([
  [{ currency: "EURO" }, "three letters"],
  [{ perCredit: "much" }, "an amount"],
  [{ perCredit: "" }, "an amount"],
  [{ fee: "0.005" }, "2 decimals"],
] as const)("%j is refused", (change, fault) => {
  expect(rateRequestOf({ ...typed, ...change })).toMatchObject({
    fault: expect.stringContaining(fault),
  });
});
