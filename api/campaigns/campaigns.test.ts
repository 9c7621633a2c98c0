import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newId } from "../../protocol/ids.ts";
import { stepCampaign } from "./campaign.ts";
import { campaigns as campaignsTable } from "./schema.ts";
import { sniffMedia } from "./sniff.ts";
import { CampaignsRig, termsOf } from "./testing/campaigns-rig.ts";

let rig: CampaignsRig;
beforeEach(async () => {
  rig = await CampaignsRig.open();
});
afterEach(() => rig.end());

const sponsor = "acc_sponsor";
const held = (id: string) => rig.money.available(`campaign:${id}`);
const wallet = (account: string) => rig.money.available(`wallet:${account}`);

describe("a campaign's budget", () => {
  test("leaves the wallet up front, once for each funding", () => {
    rig.money.grant(sponsor, 10);
    const { campaigns } = rig.area;
    const { id } = campaigns.create("cmp_1", sponsor, termsOf(), 4_000_000);
    expect(campaigns.create("cmp_1", sponsor, termsOf(), 4_000_000).id).toBe(id);
    expect([wallet(sponsor), held(id)]).toEqual([6_000_000, 4_000_000]);
    campaigns.fund(id, sponsor, "fund_1", 1_000_000);
    campaigns.fund(id, sponsor, "fund_1", 1_000_000);
    expect([wallet(sponsor), held(id)]).toEqual([5_000_000, 5_000_000]);
    expect(() => campaigns.fund(id, sponsor, "fund_2", 6_000_000)).toThrow();
    expect([wallet(sponsor), held(id)]).toEqual([5_000_000, 5_000_000]);
  });

  test("that the wallet does not have makes no campaign", () => {
    expect(() => rig.area.campaigns.create("cmp_1", sponsor, termsOf(), 1)).toThrow();
    expect(rig.area.campaignRows.find("cmp_1")).toBeUndefined();
  });

  test("comes back when it ends, but for what open views may be paid; that follows", () => {
    const { id } = rig.running({}, 10);
    const paid = rig.open(id, "acc_ada").token;
    rig.open(id, "acc_bob");
    rig.area.campaigns.end(id, "sponsor");
    expect([wallet(sponsor), held(id)]).toEqual([8_000_000, 2_000_000]);
    rig.watch(paid, "acc_ada", 5);
    rig.area.views.finish(paid, "acc_ada");
    rig.area.sweep();
    expect([wallet(sponsor), held(id)]).toEqual([8_000_000, 1_000_000]);
    rig.money.pass(700);
    rig.area.sweep();
    rig.area.sweep();
    expect([wallet(sponsor), held(id)]).toEqual([9_000_000, 0]);
    expect(wallet("acc_ada")).toBe(1_000_000);
    expect(rig.area.campaigns.get(id)).toMatchObject({ state: "ended", settled: true });
  });

  test("comes back once, however often it is ended", () => {
    const { id } = rig.running({}, 10);
    for (const by of ["sponsor", "operator", "date"] as const) rig.area.campaigns.end(id, by);
    expect([wallet(sponsor), held(id)]).toEqual([10_000_000, 0]);
    expect(rig.area.campaigns.get(id).endedBy).toBe("sponsor");
  });

  test("comes back after its last day", () => {
    const { id } = rig.running({}, 10);
    rig.money.pass(30 * 86_400);
    rig.area.sweep();
    expect(rig.area.campaigns.get(id)).toMatchObject({ state: "ended", endedBy: "date" });
    expect(wallet(sponsor)).toBe(10_000_000);
  });
});

describe("a campaign", () => {
  test("starts only with something to show and a budget that pays a view", () => {
    rig.money.grant(sponsor, 10);
    const { campaigns } = rig.area;
    const nothing = { ...termsOf(), media: undefined };
    campaigns.create("cmp_1", sponsor, nothing, 1_000_000);
    expect(() => campaigns.start("cmp_1", sponsor)).toThrow("nothing to show");
    campaigns.create("cmp_2", sponsor, termsOf(), 999_999);
    expect(() => campaigns.start("cmp_2", sponsor)).toThrow("does not pay a single view");
    campaigns.edit("cmp_2", sponsor, termsOf({ creditsPerView: 0.5 }));
    expect(campaigns.start("cmp_2", sponsor).state).toBe("running");
    expect(() => campaigns.edit("cmp_2", sponsor, termsOf())).toThrow("cannot be changed");
  });

  test("of another sponsor is not there", () => {
    const { id } = rig.running();
    const { campaigns } = rig.area;
    for (const act of [
      () => campaigns.get(id, "acc_other"),
      () => campaigns.fund(id, "acc_other", "f", 1),
      () => campaigns.pause(id, "acc_other"),
      () => campaigns.start(id, "acc_other"),
      () => campaigns.edit(id, "acc_other", termsOf()),
    ])
      expect(act).toThrow(`There is no campaign ${id}`);
  });

  test("that has ended stays ended, by the database itself", () => {
    const { id } = rig.running();
    rig.area.campaigns.end(id, "sponsor");
    for (const verb of ["edit", "fund", "start", "pause"] as const)
      expect(() => stepCampaign("ended", verb)).toThrow("ended");
    expect(() =>
      rig.money.database.drizzle.update(campaignsTable).set({ state: "running" }).run(),
    ).toThrow();
  });

  test("has dates in order and within a year", () => {
    const now = rig.money.nowMs;
    const at = (days: number) => new Date(now + days * 86_400_000).toISOString();
    const { campaigns } = rig.area;
    const make = (startsAt: string, endsAt: string) =>
      campaigns.create(newId("campaign", now), sponsor, termsOf({ startsAt, endsAt }));
    expect(() => make(at(2), at(1))).toThrow("after its start");
    expect(() => make(at(-2), at(-1))).toThrow("after now");
    expect(() => make(at(0), at(400))).toThrow("a year at most");
    expect(make(at(1), at(2)).startsAtMs).toBe(now + 86_400_000);
  });

  test("tells views, completion and spend by the day on which views were opened", () => {
    rig.money.nowMs = Date.parse("2026-11-23T23:59:58Z");
    const { id } = rig.running();
    rig.earn(id, "acc_ada"); // paid on the next day
    rig.open(id, "acc_bob");
    expect(rig.area.campaignRows.days(id, undefined, 10)).toMatchObject([
      { opened: 1, completed: 0, spentMicro: 0 },
      { opened: 1, completed: 1, spentMicro: 1_000_000 },
    ]);
    expect(rig.area.campaignRows.totals(id)).toEqual({
      opened: 2,
      completed: 1,
      spentMicro: 1_000_000,
    });
  });
});

describe("an uploaded picture", () => {
  const png = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");

  test("belongs to the draft, replaces what there was, and goes with the campaign", async () => {
    rig.money.grant(sponsor, 10);
    const { campaigns, media } = rig.area;
    campaigns.create("cmp_1", sponsor, termsOf(), 2_000_000);
    const row = await media.put("cmp_1", sponsor, async () => png);
    expect(row).toMatchObject({ mediaKind: "picture", mediaUrl: null, mediaType: "image/png" });
    expect(await media.read(row)).toEqual({ bytes: png, type: "image/png" });
    await expect(media.put("cmp_1", "acc_other", async () => png)).rejects.toThrow("no campaign");
    campaigns.start("cmp_1", sponsor);
    await expect(media.put("cmp_1", sponsor, async () => png)).rejects.toThrow("changed");
    const ended = campaigns.end("cmp_1", "sponsor");
    await expect(media.read(ended)).rejects.toThrow("no uploaded picture");
  });

  test.each([
    ["an SVG", "<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>"],
    ["HTML", "<!doctype html><script>1</script>"],
    ["nothing", ""],
    ["text", "GIF8"],
  ])("is not %s, whatever it is called", (_what, text) => {
    expect(sniffMedia(Buffer.from(text))).toBeUndefined();
  });
});
