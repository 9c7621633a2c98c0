import { expect, test } from "vitest";
import type { Payout } from "../../protocol/http-payouts.ts";
import { exportCsv } from "./export.ts";

const payout: Payout = {
  id: "pay_1",
  account: "ada",
  state: "paid",
  credits: 1234.000001,
  currency: "EUR",
  decimals: 2,
  rate: "rate_1",
  gross: 1024,
  fee: 5,
  amount: 1019,
  destination: 'Ada "A." Lovelace\nIBAN GB00, London',
  requestedAt: "2026-01-01T00:00:00.000Z",
  endedAt: "2026-01-02T00:00:00.000Z",
  reference: "R-1",
};

test("money has its decimals, text with quotes and lines is one cell", () => {
  const [head, page] = [...exportCsv([[payout]])];
  expect(head).toBe(
    "id,account,state,requested_at,ended_at,credits,currency,gross,fee,amount,rate,destination,reference,reason\n",
  );
  expect(page).toBe(
    'pay_1,ada,paid,2026-01-01T00:00:00.000Z,2026-01-02T00:00:00.000Z,1234.000001,EUR,10.24,0.05,10.19,rate_1,"Ada ""A."" Lovelace\nIBAN GB00, London",R-1,\n',
  );
});

test.each(["=1+1", "+49 30 1", "-1", "@SUM(A1)"])("%s is no formula", (destination) => {
  const [, page] = [...exportCsv([[{ ...payout, destination }]])];
  expect(page).toContain(`,'${destination},`);
});
