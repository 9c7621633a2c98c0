import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApi, type TestApi, type TestMember } from "../../api/testing/test-api.ts";
import type { LedgerReport, Wallet, WalletEntry } from "../index.ts";
import { runCommand } from "./testing/in-process.ts";

let api: TestApi;
let ada: TestMember;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sparegrid-cli-wallet-"));
  api = await startTestApi({ signUpGrantMicro: 0, dataDir: join(folder, "data") });
  ada = await api.member("ada");
  const wallet = `wallet:${ada.account}`;
  api.deps.ledger.apply([
    { id: "g", kind: "grant", debit: "mint", credit: wallet, micro: 1_234_500_000 },
    {
      id: "w",
      kind: "work",
      debit: "mint",
      credit: wallet,
      micro: 12,
      about: { job: "job_1", function: "bob/f", runner: "attic", fuel: 2_500_000 },
    },
    {
      id: "p",
      kind: "payout",
      debit: wallet,
      credit: "paid",
      micro: 5_000_000,
      pendingUntilMs: Date.now() + 3_600_000,
    },
  ]);
});
afterAll(async () => {
  await api.end();
  await rm(folder, { recursive: true });
});

function sparegrid(key: string, ...args: string[]) {
  return runCommand(args, { folder, env: { SPAREGRID_URL: api.url, SPAREGRID_KEY: key } });
}

test("wallet shows what there is, held and on its way", async () => {
  const shown = await sparegrid(ada.key, "wallet");
  expect(shown).toEqual({
    code: 0,
    err: "",
    out: [
      "available       1,229.500012 credits",
      "held            0 credits",
      "on its way out  5 credits",
      "",
    ].join("\n"),
  });
  const { out } = await sparegrid(ada.key, "wallet", "--json");
  expect(JSON.parse(out) as Wallet).toMatchObject({ available: 1229.500012, onItsWayOut: 5 });
});

test("wallet history lists entries for people, programs and spreadsheets", async () => {
  const { out } = await sparegrid(ada.key, "wallet", "history");
  const lines = out.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^WHEN \(UTC\) +KIND +CREDITS +FROM \/ TO +STATE +FOR$/);
  expect(lines[1]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d +payout +-5 +paid out +pending$/);
  expect(lines[2]).toMatch(/work +\+0\.000012 +the mint +bob\/f · on attic · 2\.50M fuel · job_1$/);
  expect(lines[3]).toMatch(/grant +\+1,234\.5 +the mint$/);
  const json = await sparegrid(ada.key, "wallet", "history", "--kind", "grant,work", "--json");
  const rows = json.out.trimEnd().split("\n");
  expect(rows.map((row) => (JSON.parse(row) as WalletEntry).id)).toEqual(["w", "g"]);
  expect(
    (await sparegrid(ada.key, "wallet", "history", "--limit", "1")).out.split("\n"),
  ).toHaveLength(3);
  const saved = await sparegrid(ada.key, "wallet", "history", "--csv", "h.csv");
  expect(saved).toMatchObject({ code: 0, out: "" });
  const csv = await readFile(join(folder, "h.csv"), "utf8");
  expect(csv.trimEnd().split("\n")).toHaveLength(4);
  const piped = await sparegrid(ada.key, "wallet", "history", "--csv", "-", "--from", "2099-01-01");
  expect(piped.out.trimEnd().split("\n")).toHaveLength(1);
  const wrong = await sparegrid(ada.key, "wallet", "history", "--kind", "gift");
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('"gift" is none of grant')]);
  expect((await sparegrid(ada.key, "wallet", "history", "--job", "job_none")).code).toBe(1);
});

test("the operator grants credits, others may not", async () => {
  const granted = await sparegrid(api.key, "ledger", "grant", "ada", "2.5", "--note", "well done");
  expect(granted).toEqual({ code: 0, out: "", err: "✔ ada has 2.5 credits more\n" });
  expect((await sparegrid(ada.key, "wallet", "history", "--limit", "1")).out).toContain(
    "well done",
  );
  expect(await sparegrid(ada.key, "ledger", "grant", "ada", "1")).toMatchObject({ code: 1 });
  for (const credits of ["0", "-1", "1.0000001", "NaN"])
    expect((await sparegrid(api.key, "ledger", "grant", "ada", credits)).code).toBe(2);
});

test("a backup is verified and restored", async () => {
  const data = ["--data-dir", join(folder, "data")];
  for (const args of [[], data]) {
    const { code, out } = await sparegrid(api.key, "ledger", "verify", ...args);
    expect([code, out]).toEqual([0, expect.stringContaining("✔ all invariants hold")]);
    expect(out).toMatch(/^Ledger of \S+Z: \d+ transfers, \d+ accounts\n {2}minted +1,001,2/);
  }
  const saved = await sparegrid(api.key, "backup", "b.db", ...data);
  expect(saved).toMatchObject({
    code: 0,
    out: "",
    err: expect.stringContaining("not in it: blobs/"),
  });
  expect(await sparegrid(api.key, "backup", "b.db", ...data)).toMatchObject({
    code: 1,
    err: expect.stringContaining("hint: --force replaces it"),
  });
  expect(await sparegrid(api.key, "restore", "b.db", "--force", ...data)).toMatchObject({
    code: 1,
    err: expect.stringContaining("works on"),
  });
  const restored = await sparegrid(api.key, "restore", "b.db", "--data-dir", "elsewhere");
  expect(restored).toMatchObject({ code: 0, out: expect.stringContaining("all invariants hold") });
});

test("what is wrong in a ledger is shown with its rows", async () => {
  const data = ["--data-dir", join(folder, "data")];
  api.deps.database.client.exec("DROP TRIGGER ledger_transfers_delete");
  const wrong = await sparegrid(api.key, "ledger", "verify");
  expect(wrong.code).toBe(1);
  expect(wrong.out).toContain("✗ guards-in-place");
  expect(wrong.out).toContain('{"name":"ledger_transfers_delete"}');
  const json = await sparegrid(api.key, "ledger", "verify", "--json", ...data);
  expect([json.code, (JSON.parse(json.out) as LedgerReport).holds]).toEqual([1, false]);
  expect(await sparegrid(api.key, "ledger", "verify", "--data-dir", "nowhere")).toMatchObject({
    code: 1,
    err: expect.stringContaining("There is no nowhere/catalog.db"),
  });
});
