import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Page } from "../../protocol/http-common.ts";
import type { Payout, PayoutRate } from "../../protocol/http-payouts.ts";
import { microOf } from "../../protocol/money.ts";
import { post, startTestApi, type TestApi, type TestMember } from "../testing/test-api.ts";

let api: TestApi;
let ada: TestMember;
let bob: TestMember;

beforeAll(async () => {
  api = await startTestApi();
  ada = await api.member("ada");
  bob = await api.member("bob");
  const micro = microOf(10_000);
  api.deps.ledger.apply([
    { id: "test", kind: "grant", debit: "mint", credit: `wallet:${ada.account}`, micro },
  ]);
  const rate = { currency: "EUR", minorPerCredit: 0.83, minimum: 100, fee: 25 };
  expect((await api.ask("/v1/payouts/rates", post(rate))).status).toBe(201);
});
afterAll(() => api.end());

const wanted = { credits: 500, currency: "EUR", destination: "IBAN GB00" };
const ask = (more: object = {}, headers = {}) =>
  ada.json<Payout & { code?: string }>("/v1/payouts", post({ ...wanted, ...more }, headers));
const wallet = () => api.deps.ledger.balance(`wallet:${ada.account}`);

test("a member asks, the operator pays, the CSV says so", async () => {
  const before = wallet().available;
  const { status, headers, body } = await ask();
  expect(status).toBe(201);
  expect(headers.get("location")).toBe(`/v1/payouts/${body.id}`);
  expect(body).toMatchObject({ state: "requested", account: "ada", gross: 415, amount: 390 });
  expect(wallet().available).toBe(before - 500_000_000);

  const open = await api.json<Page<Payout>>("/v1/payouts/all?state=requested");
  expect(open.body.items).toMatchObject([{ id: body.id, destination: "IBAN GB00" }]);
  const at = `/v1/payouts/${body.id}`;
  expect((await api.json<Payout>(`${at}/pay`, post({}))).body.payingSince).toBeDefined();
  expect((await ada.ask(`${at}/withdraw`, post(""))).status).toBe(409);
  const paid = await api.json<Payout>(`${at}/pay`, post({ reference: "SEPA-7" }));
  expect(paid.body).toMatchObject({ state: "paid", reference: "SEPA-7" });
  expect((await api.json<Payout>(`${at}/pay`, post({ reference: "SEPA-7" }))).body).toEqual(
    paid.body,
  );
  expect((await api.ask(`${at}/reject`, post({ reason: "no" }))).status).toBe(409);

  for (const [who, path] of [
    [ada, "/v1/payouts/export"],
    [api, "/v1/payouts/all/export"],
  ] as const) {
    const csv = await who.ask(path);
    expect(csv.headers.get("content-type")).toContain("text/csv");
    expect(await csv.text()).toContain(`${body.id},ada,paid,`);
  }
  expect(await (await bob.ask("/v1/payouts/export")).text()).not.toContain(body.id);
});

test("credits of a rejected or withdrawn payout return", async () => {
  const before = wallet();
  const [rejected, withdrawn] = [(await ask()).body.id, (await ask()).body.id];
  const reject = () =>
    api.json<Payout>(`/v1/payouts/${rejected}/reject`, post({ reason: "no such account" }));
  expect((await reject()).body).toMatchObject({ state: "rejected", reason: "no such account" });
  expect((await reject()).status).toBe(200);
  const { body } = await ada.json<Payout>(`/v1/payouts/${withdrawn}/withdraw`, post(""));
  expect(body.state).toBe("withdrawn");
  expect(wallet()).toEqual(before);
});

test("a double submit with one Idempotency-Key sets credits aside once", async () => {
  const before = wallet().available;
  const headers = { "idempotency-key": "k1" };
  const [a, b] = await Promise.all([ask({}, headers), ask({}, headers)]);
  expect(a.body.id).toBe(b.body.id);
  expect(wallet().available).toBe(before - 500_000_000);
});

describe("what is asked for is checked", () => {
  test.each<[string, object]>([
    ["nothing", { credits: 0 }],
    ["less than nothing", { credits: -1 }],
    ["a part of a microcredit", { credits: 500.0000001 }],
    ["credits as text", { credits: "500" }],
    ["no number", { credits: null }],
    ["more than there can be", { credits: 1e300 }],
    ["less than the minimum", { credits: 99 }],
    ["a currency without a rate", { currency: "USD" }],
    ["a currency that is none", { currency: "" }],
    ["nowhere to pay to", { destination: " " }],
    ["a destination that hides something", { destination: "IBAN\u202E 1" }],
    ["an unknown field", { destiny: "x" }],
  ])("%s is refused", async (_what, more) => {
    const before = wallet();
    const { status, body } = await ask(more);
    expect([status, body.code]).toEqual([400, "bad-request"]);
    expect(wallet()).toEqual(before);
  });

  test("NaN is no JSON", async () => {
    const body = '{"credits":NaN,"currency":"EUR","destination":"x"}';
    expect((await ada.ask("/v1/payouts", post(body))).status).toBe(400);
  });

  test("more than the wallet has is refused with 402", async () => {
    const { status, body } = await ask({ credits: 1_000_000 });
    expect([status, body.code]).toEqual([402, "insufficient-credits"]);
  });
});

test("another's payout is not there, and only the operator pays, refuses and publishes", async () => {
  const { id } = (await ask()).body;
  const at = `/v1/payouts/${id}`;
  expect((await bob.ask(at)).status).toBe(404);
  expect((await bob.ask(`${at}/withdraw`, post(""))).status).toBe(404);
  expect((await bob.json<Page<Payout>>("/v1/payouts")).body.items).toEqual([]);
  for (const [path, init] of [
    ["/v1/payouts/all", {}],
    ["/v1/payouts/all/export", {}],
    [`${at}/pay`, post({ reference: "x" })],
    [`${at}/reject`, post({ reason: "x" })],
    ["/v1/payouts/rates", post({ currency: "EUR", minorPerCredit: 99, minimum: 1 })],
  ] as const)
    expect((await ada.ask(path, init)).status, path).toBe(403);
  expect((await fetch(`${api.url}/v1/payouts`)).status).toBe(401);
});

test("rates are for every member to read, with their history, page by page", async () => {
  const set = { currency: "JPY", minorPerCredit: 1.5, minimum: 10 };
  for (const minorPerCredit of [1.5, 1.25])
    await api.ask("/v1/payouts/rates", post({ ...set, minorPerCredit }));
  const read = async (query: string) =>
    (await bob.json<Page<PayoutRate>>(`/v1/payouts/rates?${query}`)).body;
  expect((await read("current=true")).items).toMatchObject([
    { currency: "JPY", minorPerCredit: 1.25, decimals: 0 },
    { currency: "EUR", minorPerCredit: 0.83, decimals: 2 },
  ]);
  const first = await read("currency=JPY&limit=1");
  const second = await read(`currency=JPY&limit=1&cursor=${first.next}`);
  expect(second.items).toMatchObject([{ minorPerCredit: 1.5, current: false }]);
  expect(second.next).toBeNull();
  for (const wrong of [
    { currency: "EURO" },
    { minorPerCredit: -1 },
    { minorPerCredit: 0.00000001 },
    { minimum: -1 },
    { fee: 0.5 },
    { validFrom: "2020-01-01T00:00:00Z" },
  ])
    expect((await api.ask("/v1/payouts/rates", post({ ...set, ...wrong }))).status).toBe(400);
});
