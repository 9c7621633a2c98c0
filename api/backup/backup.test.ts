import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import SQLite from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../testing/test-api.ts";
import { backUp, verifyOffline } from "./backup.ts";
import { restore } from "./restore.ts";

let folder: string;
let api: TestApi;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sparegrid-backup-"));
  api = await startTestApi({ dataDir: join(folder, "data"), operatorGrantMicro: 7 });
});
afterEach(async () => {
  await api.end();
  rmSync(folder, { recursive: true, force: true });
});

const grant = (id: string) =>
  ({ id, kind: "grant", debit: "mint", credit: "wallet:a", micro: 5 }) as const;
const at = (name: string) => join(folder, name);
const restoring = (dataDir: string, file: string, force = false) =>
  restore({ dataDir, file, force, nowMs: Date.UTC(2030, 0) });
const code = (expected: string) => expect.objectContaining({ code: expected });

test("a backup of a running API is one moment of it, whole and for the operator alone", async () => {
  const { ledger } = api.deps;
  ledger.apply([grant("before")]);
  const copying = backUp(api.dataDir, at("b.db"), false);
  ledger.apply([grant("meanwhile")]);
  const { file, bytes } = await copying;
  expect([file, bytes]).toEqual([at("b.db"), statSync(at("b.db")).size]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const { report, replaced } = restoring(at("new"), file);
  expect(replaced).toBeUndefined();
  expect([12, 17]).toContain(report.minted);
  await expect(backUp(api.dataDir, at("b.db"), false)).rejects.toEqual(code("conflict"));
  await backUp(api.dataDir, at("b.db"), true);
  expect(restoring(at("newer"), file).report.minted).toBe(17);
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
});

test("an API goes on from a backup", async () => {
  const member = await api.member("ada");
  await backUp(api.dataDir, at("b.db"), false);
  api.deps.ledger.apply([grant("lost")]);
  await api.close({ drainMs: 100 });
  expect(() => restoring(api.dataDir, at("b.db"))).toThrow(code("conflict"));
  const { replaced } = restoring(api.dataDir, at("b.db"), true);
  expect(existsSync(replaced!)).toBe(true);
  api = await startTestApi({ dataDir: at("data") });
  expect(api.deps.ledger.find("lost")).toBeUndefined();
  expect(api.deps.accounts.find(member.account)!.handle).toBe("ada");
  expect(api.deps.ledger.verify().violation).toBeUndefined();
});

test("nothing is restored under a running API", async () => {
  await backUp(api.dataDir, at("b.db"), false);
  for (const force of [false, true])
    expect(() => restoring(api.dataDir, at("b.db"), force)).toThrow(/works on/);
  api.deps.ledger.apply([grant("goes on")]);
  expect(readdirSync(api.dataDir).filter((name) => name.includes("restore"))).toEqual([]);
});

test("what is damaged, foreign or not in order is refused, and changes nothing", async () => {
  await backUp(api.dataDir, at("b.db"), false);
  const whole = readFileSync(at("b.db"));
  writeFileSync(at("cut.db"), whole.subarray(0, whole.length / 2));
  writeFileSync(at("text.db"), "no database");
  new SQLite(at("other.db")).exec("CREATE TABLE t (x)").close();
  writeFileSync(at("wrong.db"), whole);
  const wrong = new SQLite(at("wrong.db"));
  wrong.exec("DROP TRIGGER ledger_balances_updated; UPDATE ledger_balances SET posted_micro = 9");
  wrong.close();
  for (const name of ["cut.db", "text.db", "other.db", "wrong.db"])
    expect(() => restoring(at("new"), at(name)), name).toThrow(code("bad-request"));
  expect(() => restoring(at("new"), at("none.db"))).toThrow(code("not-found"));
  expect(existsSync(at("new/catalog.db"))).toBe(false);
  await expect(backUp(at("nowhere"), at("x.db"), false)).rejects.toEqual(code("not-found"));
  await expect(backUp(api.dataDir, at("no/x.db"), false)).rejects.toEqual(code("not-found"));
});

test("the ledger of a folder is verified, with and without an API on it", async () => {
  api.deps.ledger.apply([grant("g")]);
  expect(await verifyOffline(api.dataDir)).toMatchObject({ minted: 12 });
  await api.close({ drainMs: 100 });
  const report = await verifyOffline(at("data"));
  expect(report).toMatchObject({ minted: 12 });
  expect(report.violation).toBeUndefined();
});
