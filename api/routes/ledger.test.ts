import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Page } from "../../protocol/http-common.ts";
import type { Job } from "../../protocol/http-jobs.ts";
import {
  type Grant,
  grantSchema,
  type LedgerReport,
  ledgerReportSchema,
  type WalletEntry,
  walletEntryPageSchema,
  walletSchema,
} from "../../protocol/http-ledger.ts";
import { post, startTestApi, type TestApi, type TestMember } from "../testing/test-api.ts";

let api: TestApi;
let ada: TestMember;
let bob: TestMember;
beforeAll(async () => {
  api = await startTestApi({ operatorGrantMicro: 5_000_000 });
  [ada, bob] = [await api.member("ada"), await api.member("bob")];
});
afterAll(() => api.end());

const grant = (body: object, headers = {}) =>
  api.json<Grant>("/v1/ledger/grants", post(body, headers));
const history = async (who: Pick<TestApi, "json">, query = "") =>
  walletEntryPageSchema.parse((await who.json(`/v1/ledger/history${query}`)).body);
const walletOf = async (who: Pick<TestApi, "json">) =>
  walletSchema.parse((await who.json("/v1/ledger")).body);

test("the operator's wallet has its first grant, once", async () => {
  expect((await walletOf(api)).available).toBe(5);
  expect(api.deps.grants.toOperator()).toBe("exists");
  expect((await history(api)).items).toMatchObject([
    { kind: "grant", direction: "in", amount: 5, moved: 5, otherSide: "the mint", state: "posted" },
  ]);
});

describe("a grant", () => {
  test("comes from the mint, and is in both wallets' words", async () => {
    const before = (await walletOf(ada)).available;
    const { status, body } = await grant({ account: "ada", credits: 2.5, note: "welcome" });
    expect([status, grantSchema.parse(body)]).toMatchObject([
      201,
      { account: "ada", credits: 2.5, note: "welcome" },
    ]);
    expect((await walletOf(ada)).available).toBe(before + 2.5);
    expect((await history(ada)).items[0]).toMatchObject({ id: body.id, note: "welcome" });
  });

  test("with the same Idempotency-Key is given once", async () => {
    const headers = { "idempotency-key": "grant-1" };
    const [first, again] = [
      await grant({ account: "ada", credits: 1 }, headers),
      await grant({ account: "ada", credits: 1 }, headers),
    ];
    expect(again.body.id).toBe(first.body.id);
    const { items } = await history(ada);
    expect(items.filter(({ id }) => id === first.body.id).length).toBe(1);
    expect((await grant({ account: "ada", credits: 2 }, headers)).status).toBe(422);
  });

  test.each([
    { credits: 0 },
    { credits: -1 },
    { credits: 0.0000001 },
    { credits: 1e300 },
    { credits: 2e9 },
    { credits: "5" },
    { credits: null },
    { note: "x".repeat(201) },
    { note: "a\u202eb" },
    { account: "../x" },
    { more: 1 },
  ])("of %o is refused", async (change) => {
    const { status, body } = await grant({ account: "ada", credits: 1, ...change });
    expect([status, (body as { code?: string }).code]).toEqual([400, "bad-request"]);
  });

  test("to nobody is refused", async () => {
    expect((await grant({ account: "nobody", credits: 1 })).status).toBe(404);
  });

  test("is the operator's to give", async () => {
    const { status, body } = await ada.json(
      "/v1/ledger/grants",
      post({ account: "ada", credits: 1 }),
    );
    expect([status, body.code]).toEqual([403, "forbidden"]);
  });
});

describe("a history", () => {
  const wallet = () => `wallet:${bob.account}`;
  beforeAll(() => {
    const { ledger } = api.deps;
    ledger.apply([
      { id: "b0", kind: "grant", debit: "mint", credit: wallet(), micro: 100e6 },
      { id: "b1", kind: "hold", debit: wallet(), credit: "job:job_x", micro: 40e6 },
    ]);
    for (let i = 0; i < 6; i++)
      ledger.apply([
        {
          id: `w${i}`,
          kind: "work",
          debit: "job:job_x",
          credit: wallet(),
          micro: 1_000_000 + i,
          about: { job: "job_x", runner: "attic", function: "ada/f", fuel: 1e6 },
        },
      ]);
    ledger.apply([
      {
        id: "b2",
        kind: "payout",
        debit: wallet(),
        credit: "paid",
        micro: 5e6,
        about: { payout: "pay_1" },
        pendingUntilMs: Date.now() + 3_600_000,
      },
    ]);
  });

  test("says of each entry what it was for and who was on the other side", async () => {
    const { items } = await history(bob);
    expect(items.slice(0, 2)).toMatchObject([
      { kind: "payout", direction: "out", amount: 5, moved: 0, state: "pending", payout: "pay_1" },
      {
        kind: "work",
        direction: "in",
        amount: 1.000005,
        otherSide: "job job_x",
        job: "job_x",
        runner: "attic",
        function: "ada/f",
        fuel: 1e6,
      },
    ]);
    expect(await walletOf(bob)).toMatchObject({ onItsWayOut: 5, onItsWayIn: 0 });
  });

  test("comes by pages, and by kind and time", async () => {
    const ids: string[] = [];
    let cursor = "";
    do {
      const page: Page<WalletEntry> = await history(bob, `?limit=4${cursor}`);
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.next === null ? "" : `&cursor=${page.next}`;
    } while (cursor !== "");
    expect(ids.slice(0, 9)).toEqual(["b2", "w5", "w4", "w3", "w2", "w1", "w0", "b1", "b0"]);
    const kinds = (await history(bob, "?kind=hold,payout")).items.map(({ id }) => id);
    expect(kinds).toEqual(["b2", "b1"]);
    const later = new Date(Date.now() + 60_000).toISOString();
    expect((await history(bob, `?from=${later}`)).items).toEqual([]);
    expect((await history(bob, `?to=${later}`)).items.length).toBe(ids.length);
  });

  test.each(["?kind=gift", "?cursor=x", "?from=yesterday", "?limit=0", "?account=ada"])(
    "asked for with %s is refused",
    async (query) => {
      expect((await bob.ask(`/v1/ledger/history${query}`)).status).toBe(400);
    },
  );

  test("is streamed whole as CSV, which a spreadsheet does not run", async () => {
    api.deps.ledger.apply([
      {
        id: "b3",
        kind: "grant",
        debit: "mint",
        credit: wallet(),
        micro: 1,
        about: { note: '=HYPERLINK("x"), y' },
      },
    ]);
    const response = await bob.ask("/v1/ledger/history.csv?kind=grant,payout");
    expect(response.headers.get("content-type")).toContain("text/csv");
    const lines = (await response.text()).trimEnd().split("\n");
    expect(lines[0]).toBe(
      "number,at,kind,direction,amount,moved,state,otherSide,job,function,runner,fuel,calls,campaign,payout,note,id",
    );
    expect(lines[1]).toMatch(
      /,grant,in,0\.000001,0\.000001,posted,the mint,+"'=HYPERLINK\(""x""\), y",b3$/,
    );
    expect(lines[2]).toMatch(/,payout,out,5,0,pending,paid out,,,,,,,pay_1,,b2$/);
  });

  test("of a long wallet has every entry once", async () => {
    const { ledger } = api.deps;
    const many = Array.from({ length: 1_203 }, (_, i) => ({
      id: `many${i}`,
      kind: "view" as const,
      debit: "mint",
      credit: `wallet:${ada.account}`,
      micro: 1,
    }));
    ledger.apply(many);
    const text = await (await ada.ask("/v1/ledger/history.csv?kind=view")).text();
    expect(new Set(text.match(/many\d+/g)).size).toBe(1_203);
  });

  test("of a job's hold is its owner's alone", async () => {
    api.seedFunction("double");
    const { body: job } = await api.json<Job>("/v1/jobs", post({ function: "double", input: [1] }));
    await api.ask(`/v1/jobs/${job.id}/cancel`, post(""));
    const hold = async () => (await api.json<Job>(`/v1/jobs/${job.id}`)).body.hold;
    await expect.poll(hold).toMatchObject({ settled: true });
    const entries = api.deps.ledger.history({ account: `job:${job.id}`, limit: 50 });
    const page = await history(api, `?job=${job.id}`);
    expect(page.items.map(({ id }) => id)).toEqual(entries.map(({ id }) => id));
    for (const path of [`/v1/ledger/history?job=${job.id}`, `/v1/ledger/history.csv?job=${job.id}`])
      expect((await bob.ask(path)).status).toBe(404);
    expect((await api.ask("/v1/ledger/history?job=job_none")).status).toBe(404);
  });
});

test("verification is the operator's, and names what is wrong", async () => {
  const { ledger } = api.deps;
  const verify = async () =>
    ledgerReportSchema.parse((await api.json<LedgerReport>("/v1/ledger/verify")).body);
  const found = await verify();
  expect(found).toMatchObject({
    holds: false,
    violation: { rule: "holds-empty", rows: [{ name: "job:job_x" }] },
  });
  const { available } = ledger.balance("job:job_x");
  ledger.apply([
    {
      id: "b9",
      kind: "release",
      debit: "job:job_x",
      credit: `wallet:${bob.account}`,
      micro: available,
    },
  ]);
  const report = await verify();
  expect(report.violation).toBeUndefined();
  expect(report.holds).toBe(true);
  const { inWallets, inHolds, inPayouts, paid, platform, elsewhere } = report;
  const parts = [inWallets, inHolds, inPayouts, paid, platform, elsewhere];
  expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(report.minted, 6);
  expect((await ada.ask("/v1/ledger/verify")).status).toBe(403);
});
