import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { views as viewsTable } from "./schema.ts";
import { CampaignsRig } from "./testing/campaigns-rig.ts";

let rig: CampaignsRig;
beforeEach(async () => {
  rig = await CampaignsRig.open();
});
afterEach(() => rig.end());

const wallet = (account: string) => rig.money.available(`wallet:${account}`);
const many = { perViewer: 100, perViewerDay: 100 };

describe("watching", () => {
  test("pays once, from the campaign to the viewer, and a replay answers the same", () => {
    const { id } = rig.running();
    const { token } = rig.open(id, "acc_ada");
    rig.watch(token, "acc_ada", 5);
    const first = rig.area.views.finish(token, "acc_ada");
    rig.money.pass(3);
    expect(rig.area.views.finish(token, "acc_ada")).toEqual(first);
    expect(wallet("acc_ada")).toBe(1_000_000);
    expect(rig.money.available(`campaign:${id}`)).toBe(9_000_000);
    expect(rig.money.ledger.find(`view:${first.view.id}`)).toMatchObject({
      kind: "view",
      about: { campaign: id, view: first.view.id },
    });
    expect(() =>
      rig.area.views.heartbeat(token, "acc_ada", { sequence: 99, visible: true }),
    ).toThrow("has been paid");
  });

  test("does not pay what was not watched for long enough, and then goes on", () => {
    const { id } = rig.running();
    const { token } = rig.open(id, "acc_ada");
    rig.watch(token, "acc_ada", 4);
    expect(() => rig.area.views.finish(token, "acc_ada")).toThrow("4 of 5 seconds");
    rig.watch(token, "acc_ada", 1, 10);
    rig.area.views.finish(token, "acc_ada");
    expect(wallet("acc_ada")).toBe(1_000_000);
  });

  test("a view is its account's: to others, and by its hash, it is not there", () => {
    const { id } = rig.running();
    const { token, view } = rig.open(id, "acc_ada");
    rig.watch(token, "acc_ada", 5);
    for (const [stranger, account] of [
      [token, "acc_bob"],
      [view.tokenHash, "acc_ada"],
      ["sgv_", "acc_ada"],
    ] as const) {
      expect(() => rig.area.views.finish(stranger, account)).toThrow("no such view");
      expect(() =>
        rig.area.views.heartbeat(stranger, account, { sequence: 9, visible: true }),
      ).toThrow("no such view");
    }
    const [row] = rig.money.database.drizzle.select().from(viewsTable).all();
    expect(JSON.stringify(row)).not.toContain(token);
  });

  test("of two tabs only the one that was opened last is paid", () => {
    const { id } = rig.running();
    const first = rig.open(id, "acc_ada").token;
    rig.watch(first, "acc_ada", 5);
    const second = rig.open(id, "acc_ada").token;
    expect(() => rig.area.views.finish(first, "acc_ada")).toThrow("Another view");
    expect(() => rig.area.views.finish(second, "acc_ada")).toThrow("0 of 5");
    rig.watch(second, "acc_ada", 5);
    rig.area.views.finish(second, "acc_ada");
    expect(wallet("acc_ada")).toBe(1_000_000);
  });

  test("a token expires, however much was watched", () => {
    const { id } = rig.running();
    const { token } = rig.open(id, "acc_ada");
    rig.watch(token, "acc_ada", 5);
    rig.money.pass(600);
    expect(() => rig.area.views.finish(token, "acc_ada")).toThrow("time is over");
    rig.area.sweep();
    expect(() => rig.area.views.finish(token, "acc_ada")).toThrow("time is over");
    expect(wallet("acc_ada")).toBe(0);
  });

  test("a restart costs what was watched, not the view", () => {
    const { id } = rig.running();
    const { token } = rig.open(id, "acc_ada");
    rig.watch(token, "acc_ada", 5);
    rig.restart();
    expect(() => rig.area.views.finish(token, "acc_ada")).toThrow("0 of 5");
    rig.watch(token, "acc_ada", 5, 6);
    expect(rig.area.views.finish(token, "acc_ada").view.phase).toBe("paid");
  });
});

describe("what may be watched", () => {
  test("campaigns take turns, whoever watches", () => {
    const ids = ["A", "B", "C"].map((title) => rig.running({ title, caps: many }).id);
    const seen: string[] = [];
    for (let i = 0; i < 9; i++) {
      const viewer = `acc_${i % 2}`;
      const { id } = rig.area.views.next(viewer)!;
      seen.push(id);
      rig.earn(id, viewer);
    }
    for (const id of ids) expect(seen.filter((other) => other === id)).toHaveLength(3);
    expect(new Set(seen.slice(0, 3)).size).toBe(3);
  });

  test("not one's own, not a draft, a paused or an ended one, not before or after its dates", () => {
    const own = rig.running();
    expect(rig.area.views.next("acc_sponsor")).toBeUndefined();
    expect(() => rig.open(own.id, "acc_sponsor")).toThrow("own campaign");
    rig.area.campaigns.pause(own.id, "acc_sponsor");
    expect(rig.area.views.next("acc_ada")).toBeUndefined();
    expect(() => rig.open(own.id, "acc_ada")).toThrow("no campaign");
    rig.area.campaigns.end(own.id, "sponsor");
    expect(() => rig.open(own.id, "acc_ada")).toThrow("no campaign");
    const day = (days: number) => new Date(rig.money.nowMs + days * 86_400_000).toISOString();
    const later = rig.running({ startsAt: day(1), endsAt: day(2) });
    expect(() => rig.open(later.id, "acc_ada")).toThrow("no campaign");
    rig.money.pass(86_400);
    expect(rig.area.views.next("acc_ada")?.id).toBe(later.id);
    rig.money.pass(86_400);
    expect(rig.area.views.next("acc_ada")).toBeUndefined();
    expect(() => rig.open(later.id, "acc_ada")).toThrow("no campaign");
  });

  test("as often as the caps of the campaign allow: by viewer, by viewer and day, by day", () => {
    const { id } = rig.running({ caps: { perViewer: 3, perViewerDay: 2, perDay: 4 } }, 100);
    const refused = (viewer: string) => {
      expect(rig.area.views.next(viewer)).toBeUndefined();
      expect(() => rig.open(id, viewer)).toThrow("cap is reached");
    };
    rig.earn(id, "acc_ada");
    rig.earn(id, "acc_ada");
    refused("acc_ada");
    rig.earn(id, "acc_bob");
    rig.open(id, "acc_eve"); // open views count, too: all of them may still be paid
    refused("acc_bob");
    rig.money.pass(86_400);
    rig.earn(id, "acc_ada");
    refused("acc_ada");
    rig.earn(id, "acc_bob");
  });

  test("as often a day as an account may over all campaigns; a day ends at midnight UTC", async () => {
    const small = await CampaignsRig.open({ viewsPerDayMax: 2 });
    try {
      small.money.nowMs = Date.parse("2026-11-23T23:59:00Z");
      const ids = [1, 2, 3].map(() => small.running().id);
      small.earn(ids[0]!, "acc_ada");
      small.earn(ids[1]!, "acc_ada");
      expect(small.area.views.next("acc_ada")).toBeUndefined();
      expect(() => small.open(ids[2]!, "acc_ada")).toThrow("all for today");
      // Neither does a clock that is set back by a day give another day.
      small.money.pass(-86_400);
      expect(() => small.open(ids[2]!, "acc_ada")).toThrow();
      small.money.pass(86_400 + 60);
      small.earn(ids[2]!, "acc_ada");
    } finally {
      await small.end();
    }
  });

  test("no more views are opened than the budget can pay", () => {
    const { id } = rig.running({ caps: many }, 2.5);
    const tokens = ["acc_1", "acc_2"].map((viewer) => rig.open(id, viewer).token);
    expect(rig.area.views.next("acc_3")).toBeUndefined();
    expect(() => rig.open(id, "acc_3")).toThrow("budget is used up");
    for (const [i, token] of tokens.entries()) {
      rig.watch(token, `acc_${i + 1}`, 5);
      rig.area.views.finish(token, `acc_${i + 1}`);
    }
    expect(rig.money.available(`campaign:${id}`)).toBe(500_000);
    expect(() => rig.open(id, "acc_3")).toThrow();
    rig.money.grant("acc_sponsor", 1);
    rig.area.campaigns.fund(id, "acc_sponsor", "f1", 1_000_000);
    expect(rig.earn(id, "acc_3").view.micro).toBe(1_000_000);
  });

  test("a view that was given up lets its part of the budget go", () => {
    const { id } = rig.running({ caps: many }, 1);
    rig.open(id, "acc_1");
    expect(() => rig.open(id, "acc_2")).toThrow("budget is used up");
    rig.money.pass(700);
    expect(rig.earn(id, "acc_2").view.phase).toBe("paid");
  });
});
