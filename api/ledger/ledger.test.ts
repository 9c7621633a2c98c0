import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { microMax } from "../../protocol/money.ts";
import { expireMax, type Transfer } from "./port.ts";
import { LedgerRig } from "./testing/rig.ts";

let rig: LedgerRig;
beforeEach(() => {
  rig = new LedgerRig();
});
afterEach(() => rig.end());

const grant = (id: string, micro: number, credit = "wallet:a"): Transfer => ({
  id,
  kind: "grant",
  debit: "mint",
  credit,
  micro,
});
const move = (id: string, debit: string, credit: string, micro: number): Transfer => ({
  id,
  kind: "hold",
  debit,
  credit,
  micro,
});
const refusal = (code: string, details = {}) =>
  expect.objectContaining({ code, details: expect.objectContaining(details) });

describe("transfers", () => {
  test("move credits, and the sum of all accounts stays zero", () => {
    const { ledger } = rig;
    expect(ledger.apply([grant("g", 500), move("h", "wallet:a", "job:1", 200)])).toEqual([
      "created",
      "created",
    ]);
    expect(ledger.balance("wallet:a")).toEqual({ available: 300, pendingOut: 0, pendingIn: 0 });
    expect(ledger.balance("mint").available).toBe(-500);
    expect(ledger.verify()).toMatchObject({ minted: 500, inWallets: 300, inHolds: 200 });
    expect(ledger.balance("wallet:nobody").available).toBe(0);
  });

  test("of one call are made all or none", () => {
    const { ledger } = rig;
    const attempt = () => ledger.apply([grant("g", 5), move("h", "wallet:a", "job:1", 6)]);
    expect(attempt).toThrow(refusal("insufficient-credits", { name: "wallet:a" }));
    expect(attempt).toThrow("The wallet has 0.000005 credits, and 0.000006 credits are needed.");
    expect(ledger.find("g")).toBeUndefined();
    expect(ledger.verify()).toMatchObject({ transfers: 0, accounts: 1 });
  });

  test("are undone with the caller's transaction, and their accounts' numbers are free again", () => {
    const { ledger, database } = rig;
    ledger.apply([grant("g", 5)]);
    const rolledBack = () =>
      database.transaction(() => {
        ledger.apply([grant("g2", 5, "wallet:b")]);
        expect(ledger.balance("wallet:b").available).toBe(5);
        throw new Error("no");
      });
    expect(rolledBack).toThrow("no");
    ledger.apply([grant("g3", 7, "wallet:c"), grant("g4", 9, "wallet:b")]);
    expect(ledger.balance("wallet:b").available).toBe(9);
    expect(ledger.balance("wallet:c").available).toBe(7);
  });

  test("with a known id change nothing, and with other content are refused", () => {
    const { ledger } = rig;
    const about = { job: "1", fuel: 5 };
    ledger.apply([{ ...grant("g", 5), about }]);
    expect(ledger.apply([{ ...grant("g", 5), about: { fuel: 5, job: "1" } }])).toEqual(["exists"]);
    for (const other of [
      grant("g", 5),
      { ...grant("g", 6), about },
      { ...grant("g", 5, "wallet:b"), about },
      { ...grant("g", 5), about, pendingUntilMs: rig.nowMs + 9 },
      { ...grant("g", 5), about: { ...about, fuel: 6 } },
      { ...move("g", "wallet:none", "wallet:a", 5), about },
    ])
      expect(() => ledger.apply([other])).toThrow(refusal("transfer-conflict", { name: "g" }));
    expect(ledger.balance("wallet:a").available).toBe(5);
  });

  test.each([
    ["nothing", { micro: 0 }],
    ["less", { micro: -1 }],
    ["a fraction", { micro: 1.5 }],
    ["NaN", { micro: Number.NaN }],
    ["Infinity", { micro: Number.POSITIVE_INFINITY }],
    ["too much", { micro: microMax + 1 }],
    ["an account to itself", { credit: "mint" }],
    ["an account of no kind", { credit: "purse:a" }],
    ["an account without a name", { credit: "wallet:" }],
    ["an account with a space", { credit: "wallet:a b" }],
    ["an empty id", { id: "" }],
    ["a long id", { id: "x".repeat(201) }],
    ["an unknown kind", { kind: "gift" as "grant" }],
    ["NaN in its facts", { about: { fuel: Number.NaN } }],
    ["a list in its facts", { about: { runners: [] as unknown as string } }],
    ["long facts", { about: { note: "x".repeat(2_000) } }],
    ["an end in the past", { pendingUntilMs: 1 }],
    ["an end that is no time", { pendingUntilMs: Number.NaN }],
  ])("of %s are refused", (_, change) => {
    expect(() => rig.ledger.apply([{ ...grant("g", 5), ...change }])).toThrow(
      refusal("bad-request"),
    );
    expect(rig.ledger.verify().transfers).toBe(0);
  });

  test("from the mint end where numbers would", () => {
    rig.ledger.apply([grant("g", microMax)]);
    expect(() => rig.ledger.apply([grant("g2", 1)])).toThrow(refusal("insufficient-credits"));
  });
});

describe("a pending transfer", () => {
  const untilMs = 1_000_500;
  const pending = (id: string, micro = 40): Transfer => ({
    id,
    kind: "payout",
    debit: "wallet:a",
    credit: "payout:a",
    micro,
    pendingUntilMs: untilMs,
  });
  beforeEach(() => rig.ledger.apply([grant("g", 100), pending("p")]));

  test("sets its amount aside", () => {
    const { ledger } = rig;
    expect(ledger.balance("wallet:a")).toEqual({ available: 60, pendingOut: 40, pendingIn: 0 });
    expect(ledger.balance("payout:a")).toEqual({ available: 0, pendingOut: 0, pendingIn: 40 });
    expect(() => ledger.apply([move("h", "wallet:a", "job:1", 61)])).toThrow(/has 0.00006 credits/);
    expect(() => ledger.apply([move("h", "payout:a", "job:1", 1)])).toThrow(/0 credits/);
    expect(ledger.find("p")).toMatchObject({ state: "pending", micro: 40, postedMicro: 0 });
    expect(ledger.verify()).toMatchObject({ pending: 1, pendingMicro: 40 });
  });

  test("posts whole, once", () => {
    const { ledger } = rig;
    expect([ledger.post("p"), ledger.post("p"), ledger.post("p", 40)]).toEqual([
      "created",
      "exists",
      "exists",
    ]);
    expect(() => ledger.post("p", 39)).toThrow(refusal("conflict"));
    expect(() => ledger.void("p")).toThrow(refusal("conflict"));
    expect(ledger.balance("payout:a")).toEqual({ available: 40, pendingOut: 0, pendingIn: 0 });
  });

  test("posts in part, and the rest returns", () => {
    const { ledger } = rig;
    ledger.post("p", 15);
    expect(ledger.balance("wallet:a")).toEqual({ available: 85, pendingOut: 0, pendingIn: 0 });
    expect(ledger.find("p")).toMatchObject({ state: "posted", micro: 40, postedMicro: 15 });
    for (const micro of [0, -1, 41, 1.5, Number.NaN])
      expect(() => ledger.post("p", micro)).toThrow(refusal("bad-request"));
  });

  test("voids, and voided stays", () => {
    const { ledger } = rig;
    expect([ledger.void("p"), ledger.void("p")]).toEqual(["created", "exists"]);
    expect(() => ledger.post("p")).toThrow(refusal("conflict"));
    expect(ledger.balance("wallet:a").available).toBe(100);
  });

  test("expires when its time has come, and cannot be posted from then on", () => {
    const { ledger } = rig;
    expect(ledger.expire(untilMs - 1)).toBe(0);
    rig.nowMs = untilMs;
    expect(() => ledger.post("p")).toThrow(/was expired/);
    expect([ledger.expire(untilMs), ledger.expire(untilMs)]).toEqual([1, 0]);
    expect(ledger.void("p")).toBe("exists");
    expect(ledger.find("p")!.state).toBe("expired");
    expect(ledger.balance("wallet:a")).toEqual({ available: 100, pendingOut: 0, pendingIn: 0 });
  });

  test("is what a repeat finds after its time, too", () => {
    rig.nowMs = untilMs + 1;
    expect(rig.ledger.apply([pending("p")])).toEqual(["exists"]);
  });

  test("and others expire a bounded number at a time", () => {
    const { ledger } = rig;
    const many = Array.from({ length: expireMax + 5 }, (_, i) => ({
      ...pending(`m${i}`),
      micro: 1,
    }));
    ledger.apply([grant("more", many.length), ...many]);
    expect([ledger.expire(untilMs), ledger.expire(untilMs), ledger.expire(untilMs)]).toEqual([
      expireMax,
      6,
      0,
    ]);
    expect(ledger.verify().violation).toBeUndefined();
  });

  test("of no known id is not found, nor is one that was never pending", () => {
    for (const id of ["x", "g"]) {
      expect(() => rig.ledger.post(id)).toThrow(refusal("not-found"));
      expect(() => rig.ledger.void(id)).toThrow(refusal("not-found"));
    }
  });
});

describe("a history", () => {
  beforeEach(() => {
    rig.ledger.apply([grant("g0", 1_000)]);
    for (let i = 1; i <= 9; i++) {
      rig.nowMs += 100;
      const kind = i % 3 === 0 ? "work" : "hold";
      rig.ledger.apply([
        { ...move(`t${i}`, "wallet:a", "job:1", i), kind, about: { job: "1" } },
        grant(`other${i}`, 1, "wallet:b"),
      ]);
    }
  });

  const idsOf = (filter: object) =>
    rig.ledger.history({ account: "wallet:a", limit: 100, ...filter }).map(({ id }) => id);

  test("has an account's entries, newest first, page by page", () => {
    expect(idsOf({ limit: 3 })).toEqual(["t9", "t8", "t7"]);
    const page = rig.ledger.historyPage({ account: "wallet:a", limit: 3 });
    expect(idsOf({ limit: 2, before: page.next })).toEqual(["t6", "t5"]);
    expect(idsOf({}).length).toBe(10);
    expect(rig.ledger.historyPage({ account: "wallet:a", limit: 10 }).next).toBeUndefined();
    expect(idsOf({ account: "wallet:nobody" })).toEqual([]);
    expect(rig.ledger.find("t9")).toEqual({
      id: "t9",
      number: 18,
      kind: "work",
      debit: "wallet:a",
      credit: "job:1",
      micro: 9,
      postedMicro: 9,
      about: { job: "1" },
      state: "posted",
      atMs: rig.nowMs,
    });
  });

  test("may begin at any number", () => {
    const number = rig.ledger.find("other5")!.number;
    expect(idsOf({ limit: 2, before: number })).toEqual(["t5", "t4"]);
  });

  test("takes kinds and times", () => {
    expect(idsOf({ kinds: ["work"] })).toEqual(["t9", "t6", "t3"]);
    expect(idsOf({ kinds: ["work", "grant"], limit: 3 })).toEqual(["t9", "t6", "t3"]);
    expect(idsOf({ kinds: [] })).toEqual([]);
    expect(idsOf({ fromMs: 1_000_200, toMs: 1_000_400 })).toEqual(["t3", "t2"]);
  });

  test("keeps the order of the ledger when the clock is set back", () => {
    rig.nowMs = 5;
    rig.ledger.apply([grant("late", 1)]);
    expect(idsOf({ limit: 2 })).toEqual(["late", "t9"]);
    expect(rig.ledger.find("late")!.atMs).toBe(5);
  });
});
