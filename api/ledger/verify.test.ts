import { afterEach, beforeEach, expect, test } from "vitest";
import { LedgerRig } from "./testing/rig.ts";

let rig: LedgerRig;
beforeEach(() => {
  rig = new LedgerRig();
  const { ledger, nowMs } = rig;
  ledger.apply([
    { id: "g1", kind: "grant", debit: "mint", credit: "wallet:a", micro: 1_000 },
    { id: "h1", kind: "hold", debit: "wallet:a", credit: "job:1", micro: 100 },
    { id: "w1", kind: "work", debit: "job:1", credit: "wallet:b", micro: 60 },
    { id: "f1", kind: "fee", debit: "job:1", credit: "platform", micro: 3 },
    { id: "c1", kind: "fund", debit: "wallet:b", credit: "campaign:1", micro: 7 },
    {
      id: "p1",
      kind: "payout",
      debit: "wallet:a",
      credit: "payout:a",
      micro: 200,
      pendingUntilMs: nowMs + 9,
    },
    {
      id: "p2",
      kind: "payout",
      debit: "wallet:a",
      credit: "payout:a",
      micro: 50,
      pendingUntilMs: nowMs + 9,
    },
  ]);
  ledger.post("p2", 20);
  ledger.apply([{ id: "m1", kind: "payout", debit: "payout:a", credit: "paid", micro: 5 }]);
});
afterEach(() => rig.end());

/** Does what no rule of the database lets through, and puts the rules back. */
function corrupt(sql: string): void {
  const { client } = rig.database;
  const triggers = client
    .prepare<[], { name: string; sql: string }>(
      "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
    )
    .all();
  for (const { name } of triggers) client.exec(`DROP TRIGGER ${name}`);
  client.pragma("ignore_check_constraints = ON");
  client.exec(sql);
  client.pragma("ignore_check_constraints = OFF");
  for (const trigger of triggers) client.exec(trigger.sql);
}

test("a ledger in order is summed up, at once or on a snapshot", async () => {
  const { ledger } = rig;
  const report = {
    transfers: 9,
    accounts: 8,
    minted: 1_000,
    inWallets: 880 + 53,
    inHolds: 37 + 7,
    inPayouts: 15,
    paid: 5,
    platform: 3,
    elsewhere: 0,
    pending: 1,
    pendingMicro: 200,
  };
  expect(ledger.verify()).toEqual(report);
  const aside = ledger.verifyAside();
  ledger.apply([{ id: "g2", kind: "grant", debit: "mint", credit: "wallet:a", micro: 1 }]);
  expect(await aside).toEqual(report);
  expect((await ledger.verifyAside()).minted).toBe(1_001);
});

test("the hold of a job that was settled must be empty", () => {
  const { ledger } = rig;
  const settledIn = () => (account: string) => account === "job:1";
  expect(ledger.verify({ settledIn }).violation).toMatchObject({
    rule: "holds-empty",
    rows: [{ name: "job:1", posted: 37 }],
  });
  ledger.apply([{ id: "r1", kind: "release", debit: "job:1", credit: "wallet:a", micro: 37 }]);
  expect(ledger.verify({ settledIn }).violation).toBeUndefined();
});

test.each([
  [
    "balances-follow",
    "UPDATE ledger_balances SET posted_micro = posted_micro + 1 WHERE account = 2",
  ],
  ["balances-follow", "UPDATE ledger_balances SET pending_in_micro = 0 WHERE account = 7"],
  ["balances-follow", "UPDATE ledger_balances SET last = 1 WHERE account = 4"],
  ["balances-follow", "DELETE FROM ledger_balances WHERE account = 4"],
  ["balances-follow", "UPDATE ledger_transfers SET posted_micro = 61 WHERE id = 'w1'"],
  ["not-below-zero", "UPDATE ledger_transfers SET posted_micro = 101 WHERE id = 'w1'"],
  ["well-formed", "UPDATE ledger_transfers SET posted_micro = -1 WHERE id = 'w1'"],
  ["well-formed", "UPDATE ledger_transfers SET phase = 'void' WHERE id = 'w1'"],
  ["well-formed", "UPDATE ledger_transfers SET about = '{' WHERE id = 'w1'"],
  ["well-formed", "UPDATE ledger_transfers SET credit = debit WHERE id = 'w1'"],
  ["known-accounts", "UPDATE ledger_transfers SET credit = 99 WHERE id = 'w1'"],
  ["known-accounts", "DELETE FROM ledger_accounts WHERE name = 'wallet:b'"],
  ["known-accounts", "UPDATE ledger_accounts SET name = 'wallet:x' WHERE id = 1"],
  ["chained", "UPDATE ledger_transfers SET credit = 2, credit_before = 0 WHERE id = 'w1'"],
  ["chained", "UPDATE ledger_transfers SET debit_before = 0 WHERE id = 'f1'"],
  ["numbered-without-gaps", "DELETE FROM ledger_transfers WHERE id = 'w1'"],
  ["numbered-without-gaps", "UPDATE ledger_transfers SET number = -1 WHERE id = 'w1'"],
  ["ends-once", "UPDATE ledger_transfers SET ends = 1 WHERE ends IS NOT NULL"],
  ["ends-once", "UPDATE ledger_transfers SET kind = 'view' WHERE ends IS NOT NULL"],
  ["pending-follows", "DELETE FROM ledger_pending"],
  ["pending-follows", "INSERT INTO ledger_pending (transfer, until_ms) VALUES (1, 1)"],
  ["pending-follows", "UPDATE ledger_pending SET until_ms = 1"],
])("%s is found broken after: %s", async (rule, sql) => {
  corrupt(sql);
  const { violation } = rig.ledger.verify();
  expect(violation).toMatchObject({ rule });
  expect(violation!.rows.length).toBeGreaterThan(0);
  expect((await rig.ledger.verifyAside()).violation).toEqual(violation);
});

test("an id in two rows is found, though the index lost one", () => {
  const { client } = rig.database;
  const unique = "CREATE UNIQUE INDEX `ledger_transfers_id` ON `ledger_transfers` (`id`)";
  corrupt("DROP INDEX ledger_transfers_id; UPDATE ledger_transfers SET id = 'g1' WHERE id = 'w1'");
  expect(() => client.exec(unique)).toThrow("UNIQUE");
  client.exec(unique.replace("UNIQUE ", ""));
  client.unsafeMode(true);
  client.pragma("writable_schema = ON");
  client.prepare("UPDATE sqlite_master SET sql = ? WHERE name = 'ledger_transfers_id'").run(unique);
  client.pragma("writable_schema = RESET");
  expect(rig.ledger.verify().violation).toMatchObject({ rule: "id-once", rows: [{ id: "g1" }] });
});

test.each([
  "DROP TRIGGER ledger_transfers_update",
  "DROP INDEX ledger_transfers_id",
  "CREATE TRIGGER ledger_x AFTER INSERT ON ledger_transfers BEGIN SELECT 1; END",
  "DROP TRIGGER ledger_transfers_delete; CREATE TRIGGER ledger_transfers_delete BEFORE DELETE ON ledger_transfers BEGIN SELECT 1; END",
])("rules that are not as the migrations make them are named: %s", (sql) => {
  rig.database.client.exec(sql);
  const { violation } = rig.ledger.verify();
  expect(violation!.rule).toBe("guards-in-place");
  expect(sql).toContain(violation!.rows[0]!.name);
});
