import { afterAll, beforeAll, expect, test } from "vitest";
import type { AccountDetail } from "../../protocol/http-accounts.ts";
import type { LedgerReport } from "../../protocol/http-ledger.ts";
import type { ServerStatus } from "../../protocol/http-status.ts";
import { post, startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ platformFeePercent: 7 });
});
afterAll(() => api.end());
const status = async () => (await api.json<ServerStatus>("/v1/status")).body;

test("the operator sees how the server does, and what it was set to", async () => {
  await api.member("ada");
  const now = await status();
  expect(now).toMatchObject({
    store: { kind: "embedded", answers: true },
    runners: { connected: 0, slots: 0, busy: 0 },
    jobs: { active: 0 },
    accounts: { total: 2, suspended: 0 },
    campaigns: { running: 0 },
    payouts: { requested: 0 },
    settings: { platformFeePercent: 7, signUpGrant: 100 },
  });
  expect(now.memory.residentBytes).toBeGreaterThan(now.memory.heapBytes);
  expect(Date.parse(now.startedAt)).toBeLessThanOrEqual(Date.now());
});

test("it tells what the last check of the ledger found, once there was one", async () => {
  expect((await status()).ledger).toBeUndefined();
  const { body } = await api.json<LedgerReport>("/v1/ledger/verify");
  expect(body.holds).toBe(true);
  expect((await status()).ledger).toEqual(body);
});

test("a member's credits are told to the operator with the account", async () => {
  const wallet = async () => (await api.json<AccountDetail>("/v1/accounts/ada")).body.wallet;
  const before = await wallet();
  await api.ask("/v1/ledger/grants", post({ account: "ada", credits: 12.5 }));
  expect((await wallet()).available).toBe(before.available + 12.5);
});
