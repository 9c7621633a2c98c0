import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LedgerRig } from "./testing/rig.ts";

/** Whoever has the file can write SQL; the rules hold for them too. */
let rig: LedgerRig;
let before: unknown[];
beforeEach(() => {
  rig = new LedgerRig();
  const { ledger, nowMs } = rig;
  const pendingUntilMs = nowMs + 1_000;
  const [debit, credit] = ["wallet:a", "payout:a"];
  ledger.apply([
    { id: "g1", kind: "grant", debit: "mint", credit: "wallet:a", micro: 1_000 },
    { id: "h1", kind: "hold", debit: "wallet:a", credit: "job:1", micro: 100 },
    { id: "p1", kind: "payout", debit, credit, micro: 200, pendingUntilMs },
    { id: "p2", kind: "payout", debit, credit, micro: 50, pendingUntilMs },
  ]);
  ledger.post("p2", 20);
  before = everything();
});
afterEach(() => {
  expect(everything()).toEqual(before);
  expect(rig.ledger.verify().violation).toBeUndefined();
  rig.end();
});

function everything(): unknown[] {
  const tables = ["ledger_accounts", "ledger_balances", "ledger_transfers", "ledger_pending"];
  return tables.flatMap((table) => rig.database.client.prepare(`SELECT * FROM ${table}`).all());
}

function attack(sql: string): void {
  rig.database.client.exec(sql);
}

const values = (row: Record<string, string | number | null>) => {
  const full = { phase: "'single'", kind: "'grant'", at_ms: 1, posted_micro: 5, pending_micro: 0 };
  const all = {
    ...full,
    debit_before: last(1),
    credit_before: last(2),
    debit: 1,
    credit: 2,
    ...row,
  };
  return `(${Object.keys(all)}) VALUES (${Object.values(all).map((value) => value ?? "NULL")})`;
};
const last = (account: number) => `(SELECT last FROM ledger_balances WHERE account = ${account})`;
const insert = (row: Record<string, string | number | null>, how = "INSERT") =>
  `${how} INTO ledger_transfers ${values(row)}`;

/** Account 1 is the mint, 2 wallet:a, 3 job:1, 4 payout:a. Transfers: g1, h1, p1 (pending), p2, the end of p2. */
describe("SQL cannot", () => {
  test.each([
    "UPDATE ledger_transfers SET posted_micro = 2 WHERE number = 1",
    "UPDATE ledger_transfers SET about = '{}'",
    "UPDATE OR REPLACE ledger_transfers SET number = 9 WHERE number = 1",
    "UPDATE OR IGNORE ledger_transfers SET id = 'other' WHERE id = 'g1'",
    "DELETE FROM ledger_transfers",
    "DELETE FROM ledger_transfers WHERE number = 5",
  ])("change a transfer: %s", (sql) => {
    expect(() => attack(sql)).toThrow("ledger: transfers are append-only");
  });

  test.each([
    "UPDATE ledger_balances SET posted_micro = posted_micro + 1 WHERE account = 2",
    "UPDATE ledger_balances SET posted_micro = 0",
    "UPDATE ledger_balances SET last = 3 WHERE account = 2",
    "UPDATE ledger_balances SET last = last + 1, posted_micro = posted_micro - 1 WHERE account = 2",
    "UPDATE ledger_balances SET account = 9 WHERE account = 2",
    "UPDATE OR REPLACE ledger_balances SET account = 3 WHERE account = 2",
    "UPDATE ledger_balances SET pending_in_micro = 0 WHERE account = 4",
    "DELETE FROM ledger_balances WHERE account = 2",
    "INSERT INTO ledger_balances (account, posted_micro) VALUES (9, 5)",
    "INSERT INTO ledger_balances (account) VALUES (9)",
    "INSERT OR REPLACE INTO ledger_balances (account, posted_micro) VALUES (2, 5)",
    "INSERT OR REPLACE INTO ledger_balances (account) VALUES (2)",
  ])("change a balance: %s", (sql) => {
    expect(() => attack(sql)).toThrow("ledger: balances change by transfers alone");
  });

  test.each([
    "UPDATE ledger_accounts SET name = 'wallet:b' WHERE id = 2",
    "DELETE FROM ledger_accounts WHERE id = 2",
    "INSERT INTO ledger_accounts (name) VALUES ('wallet:a')",
    "INSERT OR REPLACE INTO ledger_accounts (name) VALUES ('wallet:a')",
    "INSERT OR REPLACE INTO ledger_accounts (id, name) VALUES (2, 'wallet:b')",
    "INSERT INTO ledger_accounts (id, name) VALUES (99, 'wallet:b')",
    "INSERT INTO ledger_accounts (id, name) VALUES (0, 'wallet:b')",
  ])("exchange an account: %s", (sql) => {
    expect(() => attack(sql)).toThrow(/ledger: |CHECK constraint failed/);
  });

  test.each(["INSERT", "INSERT OR IGNORE", "INSERT OR FAIL", "INSERT OR REPLACE"])(
    "overdraw an account by %s",
    (how) => {
      const overdraft = insert(
        { id: "'x'", debit: 3, credit: 2, posted_micro: 101, ...chained(3, 2) },
        how,
      );
      expect(() => attack(overdraft)).toThrow("ledger: insufficient credits");
      const setAside = insert(
        { id: "'x'", debit: 2, credit: 3, posted_micro: 681, ...chained(2, 3) },
        how,
      );
      expect(() => attack(setAside)).toThrow("ledger: insufficient credits");
      const tooMuch = insert({ id: "'x'", posted_micro: 1e15 }, how);
      expect(() => attack(tooMuch)).toThrow("ledger: insufficient credits");
    },
  );

  test.each(["INSERT", "INSERT OR IGNORE", "INSERT OR FAIL", "INSERT OR REPLACE"])(
    "use an id or a number again by %s",
    (how) => {
      expect(() => attack(insert({ id: "'g1'" }, how))).toThrow("ledger: this id was used");
      expect(() => attack(insert({ id: "'x'", number: 1 }, how))).toThrow("append-only");
      expect(() => attack(insert({ id: "'x'", number: 5 }, how))).toThrow("append-only");
    },
  );

  test("leave a gap in the numbers, or go before the first", () => {
    expect(() => attack(insert({ id: "'x'", number: 7 }))).toThrow("without gaps");
    expect(() => attack(insert({ id: "'x'", number: -7 }))).toThrow(/without gaps|CHECK/);
  });

  test.each([
    { id: "'x'", posted_micro: 0 },
    { id: "'x'", posted_micro: -5 },
    { id: "'x'", posted_micro: 1.5 },
    { id: "'x'", posted_micro: "'five'" },
    { id: "'x'", posted_micro: "9e15" },
    { id: "'x'", posted_micro: null },
    { id: "'x'", pending_micro: 5 },
    { id: "'x'", debit: 2 },
    { id: "'x'", phase: "'gift'" },
    { id: "'x'", kind: "''" },
    { id: "''" },
    { id: null },
    { id: "'x'", ends: 3 },
    { id: "'x'", pending_until_ms: 9 },
    { id: "'x'", phase: "'pending'", posted_micro: 0, pending_micro: 5 },
    { id: "'x'", phase: "'pending'", posted_micro: 0, pending_micro: 5, pending_until_ms: 1 },
    { id: "'x'", phase: "'pending'", posted_micro: 0, pending_micro: -5, pending_until_ms: 9 },
    { id: `'${"x".repeat(201)}'` },
    { id: "'x'", debit_before: 0 },
    { id: "'x'", credit: 99, credit_before: 0 },
    { id: "'x'", debit: 99, debit_before: 0 },
  ])("insert what is no transfer: %o", (row) => {
    expect(() => attack(insert(row))).toThrow(/constraint failed|cannot store|ledger: /);
  });

  const end = { id: null, kind: "'payout'", debit: 2, credit: 4, ends: 3 };
  test.each([
    ["twice", { ...end, phase: "'void'", posted_micro: 0, pending_micro: -50, ends: 4 }],
    [
      "what is not pending",
      { ...end, phase: "'void'", posted_micro: 0, pending_micro: -100, ends: 1 },
    ],
    [
      "what is not there",
      { ...end, phase: "'void'", posted_micro: 0, pending_micro: -100, ends: 77 },
    ],
    ["in part", { ...end, phase: "'void'", posted_micro: 0, pending_micro: -100 }],
    ["by more than it is", { ...end, phase: "'post'", posted_micro: 201, pending_micro: -200 }],
    [
      "between others",
      { ...end, phase: "'post'", posted_micro: 200, pending_micro: -200, credit: 3 },
    ],
    [
      "as another kind",
      { ...end, phase: "'post'", posted_micro: 5, pending_micro: -200, kind: "'view'" },
    ],
    ["with an id", { ...end, id: "'x'", phase: "'void'", posted_micro: 0, pending_micro: -200 }],
    ["before its time", { ...end, phase: "'expire'", posted_micro: 0, pending_micro: -200 }],
    ["too late", { ...end, phase: "'post'", posted_micro: 1, pending_micro: -200, at_ms: 1e12 }],
  ])("end a pending transfer %s", (_, row) => {
    for (const how of ["INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE"])
      tryQuietly(insert({ ...row, ...chained(2, Number(row.credit)) }, how));
    expect(() => attack(insert({ ...row, ...chained(2, Number(row.credit)) }))).toThrow();
  });

  test.each([
    "UPDATE ledger_pending SET until_ms = 5",
    "DELETE FROM ledger_pending",
    "INSERT INTO ledger_pending (transfer, until_ms) VALUES (1, 5)",
    "INSERT INTO ledger_pending (transfer, until_ms) VALUES (4, 1001000)",
    "INSERT OR REPLACE INTO ledger_pending (transfer, until_ms) VALUES (3, 5)",
  ])("change what is pending: %s", (sql) => {
    expect(() => attack(sql)).toThrow("ledger: what is pending follows from transfers alone");
  });
});

test("the rules hold on a connection with other pragmas", () => {
  const { client } = rig.database;
  client.pragma("foreign_keys = OFF");
  client.pragma("recursive_triggers = ON");
  expect(() => attack(insert({ id: "'g1'" }, "INSERT OR REPLACE"))).toThrow("this id was used");
  expect(() => attack("DELETE FROM ledger_transfers")).toThrow("append-only");
});

function chained(debit: number, credit: number) {
  return { debit_before: last(debit), credit_before: last(credit) };
}

function tryQuietly(sql: string): void {
  try {
    attack(sql);
  } catch {
    // That nothing has changed is looked at after the test.
  }
}
