import { afterEach, beforeEach, expect, test } from "vitest";
import { type Transfer, transfersPerBatchMax, transfersQueuedMax } from "./port.ts";
import { LedgerRig } from "./testing/rig.ts";

let rig: LedgerRig;
beforeEach(() => {
  rig = new LedgerRig();
});
afterEach(() => rig.end());

const grants = (prefix: string, count: number, more: Partial<Transfer> = {}): Transfer[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `${prefix}${i}`,
    kind: "grant",
    debit: "mint",
    credit: "wallet:a",
    micro: 1,
    ...more,
  }));

test("batches of one turn are on the disk together, before any of them is answered", async () => {
  const commits: string[] = [];
  const { database, ledger } = rig;
  const { transaction } = database;
  database.transaction = (work) => {
    const outermost = !database.client.inTransaction;
    const done = transaction(work);
    if (outermost) commits.push("commit");
    return done;
  };
  const answers = [grants("a", 3), grants("b", 2), grants("c", 1)].map((batch) =>
    ledger.submit(batch).then((applied) => commits.push(...applied)),
  );
  expect(ledger.find("a0")).toBeUndefined();
  await Promise.all(answers);
  expect(commits).toEqual(["commit", ...Array(6).fill("created")]);
});

test("a batch that fails is undone alone", async () => {
  const { ledger } = rig;
  const overdraft = {
    id: "x",
    kind: "hold",
    debit: "wallet:z",
    credit: "job:1",
    micro: 1,
  } as const;
  const settled = await Promise.allSettled([
    ledger.submit(grants("a", 2)),
    ledger.submit([...grants("b", 2), overdraft]),
    ledger.submit(grants("a", 2, { micro: 2 })),
    ledger.submit(grants("a", 2)),
    ledger.submit(grants("c", 1, { micro: 0.5 })),
  ]);
  expect(settled.map((one) => (one.status === "fulfilled" ? one.value : one.reason.code))).toEqual([
    ["created", "created"],
    "insufficient-credits",
    "transfer-conflict",
    ["exists", "exists"],
    "bad-request",
  ]);
  expect(ledger.balance("wallet:a").available).toBe(2);
  expect(ledger.find("b0")).toBeUndefined();
  expect(ledger.verify().violation).toBeUndefined();
});

test("a full queue pushes back, and takes more once it is written", async () => {
  const { ledger } = rig;
  const batches = transfersQueuedMax / transfersPerBatchMax;
  const waiting = Array.from({ length: batches }, (_, i) =>
    ledger.submit(grants(`${i}-`, transfersPerBatchMax)),
  );
  await expect(ledger.submit(grants("one", 1))).rejects.toMatchObject({ code: "queue-full" });
  await expect(ledger.submit(grants("x", transfersPerBatchMax + 1))).rejects.toMatchObject({
    code: "bad-request",
  });
  await Promise.all(waiting);
  expect(await ledger.submit(grants("one", 1))).toEqual(["created"]);
  expect(ledger.balance("wallet:a").available).toBe(transfersQueuedMax + 1);
});

test("closing writes what waits and takes no more", async () => {
  const { ledger } = rig;
  const waiting = ledger.submit(grants("a", 2));
  ledger.close();
  expect(ledger.balance("wallet:a").available).toBe(2);
  expect(await waiting).toEqual(["created", "created"]);
  await expect(ledger.submit(grants("b", 1))).rejects.toMatchObject({ code: "shutting-down" });
});

test("a full disk refuses with a typed error, keeps what was acknowledged, and goes on when there is room", async () => {
  const { ledger, database } = rig;
  await ledger.submit(grants("before", 5));
  database.client.pragma("wal_checkpoint(TRUNCATE)");
  const pages = database.client.pragma("page_count", { simple: true }) as number;
  database.client.pragma(`max_page_count = ${pages}`);
  const full = { code: "disk-full", fault: "platform" };
  const large = grants("large", 2_000, { about: { note: "x".repeat(500) } });
  const [small, failing] = [ledger.submit(grants("small", 1)), ledger.submit(large)];
  await expect(failing).rejects.toMatchObject(full);
  await expect(small).rejects.toMatchObject(full);
  expect(() => ledger.apply(large)).toThrow(expect.objectContaining(full));
  const inOne = () =>
    database.transaction(() => [ledger.apply(grants("in", 1)), ledger.apply(large)]);
  expect(inOne).toThrow(expect.objectContaining(full));
  expect(ledger.balance("wallet:a").available).toBe(5);
  expect(ledger.verify()).toMatchObject({ transfers: 5 });
  database.client.pragma(`max_page_count = ${pages + 10_000}`);
  expect(await ledger.submit(grants("small", 1))).toEqual(["created"]);
  expect(await ledger.submit(large)).toHaveLength(2_000);
  rig.crash();
  expect(rig.ledger.balance("wallet:a").available).toBe(2_006);
  expect(rig.ledger.verify().violation).toBeUndefined();
});
