import { expect, test } from "vitest";
import { isOpen, quoteOf, rateText, standingOf } from "./quote.ts";

const rate = { currency: "EUR", decimals: 2, minorPerCredit: 0.83, minimum: 10, fee: 25 };

test("credits are worth what the server says: rounded down, less the fee", () => {
  expect(quoteOf(500, rate, 1_000)).toEqual({
    amount: "3.90 EUR",
    gross: "4.15 EUR",
    fee: "0.25 EUR",
  });
  expect(quoteOf(99.999999, { ...rate, fee: 0 }, 1_000)).toEqual({ amount: "0.82 EUR" });
  expect(rateText(rate)).toBe("100 credits are 0.83 EUR");
  expect(
    rateText({ ...rate, currency: "JPY", decimals: 0, minorPerCredit: 1.5, minimum: 1_000 }),
  ).toBe("1,000 credits are 1500 JPY");
});

test("what is not exchanged is told before it is asked for", () => {
  const problem = (credits: number | undefined, available = 1_000) => {
    const quote = quoteOf(credits, rate, available);
    return quote && "problem" in quote ? quote.problem : quote;
  };
  expect(problem(undefined)).toBeUndefined();
  expect(problem(Number.NaN)).toBeUndefined();
  expect(problem(-1)).toBe("More than nothing.");
  expect(problem(20.0000001)).toBe("At most six decimals.");
  expect(problem(50, 20)).toBe("You have 20.");
  expect(problem(9)).toBe("At least 10.");
  expect(problem(30)).toBe("That is not worth more than the fee.");
});

test("a request that is being paid cannot be taken back", () => {
  const payingSince = "2026-11-23T12:00:00.000Z";
  expect(standingOf({ state: "requested" }).label).toBe("waiting");
  expect(standingOf({ state: "requested", payingSince }).label).toBe("being paid");
  expect(standingOf({ state: "rejected", payingSince }).label).toBe("refused");
  expect([isOpen({ state: "requested" }), isOpen({ state: "requested", payingSince })]).toEqual([
    true,
    false,
  ]);
  expect(isOpen({ state: "withdrawn" })).toBe(false);
});
