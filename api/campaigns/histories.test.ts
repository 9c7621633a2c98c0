import { afterEach, expect, test } from "vitest";
import { GridError } from "../../protocol/errors.ts";
import { payoutRequestSchema, setRateRequestSchema } from "../../protocol/http-payouts.ts";
import { newId } from "../../protocol/ids.ts";
import { createPayoutsArea, type PayoutsArea } from "../payouts/index.ts";
import { CampaignsRig, termsOf } from "./testing/campaigns-rig.ts";

/** SEED=… repeats a history. */
const seedBase = Number(process.env.SEED ?? Date.now() % 1e9);
const histories = process.env.SEED ? 1 : 4;
const steps = 200;

let rig: CampaignsRig;
afterEach(() => rig?.end());

test(`credits only move as a plain model says, over views, budgets, payouts and crashes (from seed ${seedBase})`, async () => {
  let paid = 0;
  for (let i = 0; i < histories; i++) {
    rig = await CampaignsRig.open({ viewsPerDayMax: 6 });
    const history = new History(rig, seedBase + i);
    try {
      for (let step = 0; step < steps; step++) await history.step();
      history.close();
      paid += history.viewsPaid;
    } catch (cause) {
      throw new Error(`SEED=${seedBase + i}: ${String(cause)}`, { cause });
    }
    await rig.end();
  }
  if (histories > 1) expect(paid, "views that were paid").toBeGreaterThan(histories * 2);
}, 120_000);

const members = ["acc_0", "acc_1", "acc_2", "acc_3"];

/** Plays on the real parts and keeps a model of who has what, in a map. */
class History {
  readonly #rig: CampaignsRig;
  readonly #random: (below: number) => number;
  /** Microcredits by ledger account. */
  readonly #model = new Map<string, number>();
  readonly #tokens: { token: string; viewer: string; campaign: string; sequence: number }[] = [];
  readonly #finished = new Set<string>();
  readonly #payouts: { id: string; account: string; micro: number; open: boolean }[] = [];
  #campaigns: string[] = [];
  #payoutsArea: PayoutsArea;
  viewsPaid = 0;

  constructor(given: CampaignsRig, seed: number) {
    this.#rig = given;
    this.#random = randomOf(seed);
    for (const member of members) {
      given.money.grant(member, 20);
      this.#move("mint", `wallet:${member}`, 20_000_000);
    }
    this.#payoutsArea = this.#wirePayouts();
    const rate = { currency: "EUR", minorPerCredit: 1.5, minimum: 1, fee: 0 };
    this.#payoutsArea.rates.publish("rate_1", "acc_operator", setRateRequestSchema.parse(rate));
  }

  async step(): Promise<void> {
    const actions = [
      this.#createCampaign,
      this.#fund,
      this.#startOrPause,
      this.#end,
      this.#open,
      this.#open,
      this.#beat,
      this.#beat,
      this.#beat,
      this.#watchOn,
      this.#watchOn,
      this.#finish,
      this.#earn,
      this.#earn,
      this.#requestPayout,
      this.#endPayout,
      this.#pass,
      this.#sweep,
      this.#restart,
    ];
    try {
      await this.#pick(actions).call(this);
    } catch (error) {
      if (!(error instanceof GridError) || error.code === "internal") throw error;
    }
    this.#check();
  }

  /** Ends everything: no hold keeps a credit. */
  close(): void {
    for (const id of this.#campaigns) this.#endCampaign(id);
    // Longer than any view lives, and than the clock was ever set back.
    this.#rig.money.pass(1_000_000);
    this.#sweep();
    this.#check();
    for (const id of this.#campaigns)
      expect(this.#rig.money.available(`campaign:${id}`), id).toBe(0);
  }

  #createCampaign(): void {
    const sponsor = this.#pick(members);
    const budget = this.#random(4_000_000);
    const id = newId("campaign", this.#rig.money.nowMs);
    const terms = termsOf({
      creditsPerView: (1 + this.#random(1_500_000)) / 1e6,
      caps: { perViewer: 3, perViewerDay: 2, perDay: this.#random(2) ? 3 : null },
    });
    this.#rig.area.campaigns.create(id, sponsor, terms, budget);
    this.#move(`wallet:${sponsor}`, `campaign:${id}`, budget);
    this.#campaigns.push(id);
    this.#rig.area.campaigns.start(id, sponsor);
  }

  #fund(): void {
    const id = this.#pick(this.#campaigns);
    if (id === undefined) return;
    const { sponsor } = this.#rig.area.campaigns.get(id);
    const micro = 1 + this.#random(3_000_000);
    const funding = newId("funding", this.#rig.money.nowMs);
    for (let times = 1 + this.#random(2); times > 0; times--)
      this.#rig.area.campaigns.fund(id, sponsor, funding, micro);
    this.#move(`wallet:${sponsor}`, `campaign:${id}`, micro);
  }

  #startOrPause(): void {
    const id = this.#pick(this.#campaigns);
    if (id === undefined) return;
    const { campaigns } = this.#rig.area;
    const { sponsor } = campaigns.get(id);
    if (this.#random(3) > 0) campaigns.start(id, sponsor);
    else campaigns.pause(id, sponsor);
  }

  #end(): void {
    if (this.#random(4) > 0) return;
    const id = this.#pick(this.#campaigns);
    if (id !== undefined) this.#endCampaign(id);
  }

  #endCampaign(id: string): void {
    const { campaigns, viewRows } = this.#rig.area;
    const before = campaigns.get(id);
    campaigns.end(id, "sponsor");
    if (before.state === "ended") return;
    const kept = viewRows.countOpen(id) * before.viewMicro;
    this.#moveAll(`campaign:${id}`, `wallet:${before.sponsor}`, kept);
  }

  #open(): void {
    const viewer = this.#pick(members);
    const next = this.#rig.area.views.next(viewer);
    const campaign = this.#random(3) > 0 ? next?.id : this.#pick(this.#campaigns);
    if (campaign === undefined) return;
    const { token } = this.#rig.open(campaign, viewer);
    this.#tokens.push({ token, viewer, campaign, sequence: 0 });
  }

  /** Now and then again, out of order, or by another account. */
  #beat(): void {
    const view = this.#pick(this.#tokens.slice(-4));
    if (view === undefined) return;
    this.#rig.money.pass(this.#random(3));
    const sequence = this.#random(5) === 0 ? this.#random(9) : view.sequence++;
    const viewer = this.#random(9) === 0 ? this.#pick(members) : view.viewer;
    const visible = this.#random(5) > 0;
    this.#rig.area.views.heartbeat(view.token, viewer, { sequence, visible });
  }

  #watchOn(): void {
    const view = this.#pick(this.#tokens.slice(-4));
    if (view === undefined) return;
    this.#rig.watch(view.token, view.viewer, 5, view.sequence);
    view.sequence += 6;
  }

  /** The way it is meant to go. */
  #earn(): void {
    const viewer = this.#pick(members);
    const campaign = this.#rig.area.views.next(viewer)?.id;
    if (campaign === undefined) return;
    const { token } = this.#rig.open(campaign, viewer);
    const view = { token, viewer, campaign, sequence: 6 };
    this.#tokens.push(view);
    this.#rig.watch(token, viewer, 5);
    this.#finish(view);
  }

  #finish(view = this.#pick(this.#tokens)): void {
    if (view === undefined) return;
    for (let times = 1 + this.#random(2); times > 0; times--) {
      const { view: row } = this.#rig.area.views.finish(view.token, view.viewer);
      if (this.#finished.has(row.id)) continue;
      this.#finished.add(row.id);
      this.viewsPaid++;
      this.#move(`campaign:${row.campaign}`, `wallet:${view.viewer}`, row.micro);
    }
  }

  #requestPayout(): void {
    const account = this.#pick(members);
    const micro = 1_000_000 + this.#random(3_000_000);
    const id = newId("payout", this.#rig.money.nowMs);
    const request = { credits: micro / 1e6, currency: "EUR", destination: "here" };
    this.#payoutsArea.payouts.request(id, account, payoutRequestSchema.parse(request));
    this.#move(`wallet:${account}`, `aside:${account}`, micro);
    this.#payouts.push({ id, account, micro, open: true });
  }

  async #endPayout(): Promise<void> {
    const payout = this.#pick(this.#payouts);
    if (payout === undefined) return;
    const { payouts } = this.#payoutsArea;
    const how = this.#random(4);
    if (how === 0) await payouts.pay(payout.id, "acc_operator", undefined);
    else if (how === 1) await payouts.pay(payout.id, "acc_operator", "R");
    else if (how === 2) payouts.reject(payout.id, "acc_operator", "no");
    else payouts.withdraw(payout.id, payout.account);
    if (how === 0 || !payout.open) return;
    payout.open = false;
    const to = how === 1 ? "paid" : `wallet:${payout.account}`;
    this.#move(`aside:${payout.account}`, to, payout.micro);
  }

  #pass(): void {
    const { money } = this.#rig;
    money.pass(this.#random(6) === 0 ? this.#random(100_000) : this.#random(60));
    if (this.#random(8) === 0) money.pass(-this.#random(3_000));
  }

  #sweep(): void {
    const { area, money } = this.#rig;
    const before = this.#campaigns.map((id) => area.campaigns.get(id));
    area.sweep();
    money.ledger.expire(money.nowMs);
    for (const row of before) {
      const now = area.campaigns.get(row.id);
      if (row.settled || now.state !== "ended") continue;
      const kept = now.settled ? 0 : area.viewRows.countOpen(row.id) * row.viewMicro;
      if (now.settled || row.state !== "ended")
        this.#moveAll(`campaign:${row.id}`, `wallet:${row.sponsor}`, kept);
    }
  }

  #restart(): void {
    if (this.#random(4) > 0) return;
    this.#rig.restart();
    this.#payoutsArea = this.#wirePayouts();
  }

  #check(): void {
    const { ledger } = this.#rig.money;
    for (const [name, micro] of this.#model) {
      if (name === "mint") continue;
      const [kind, account] = name.split(":") as [string, string];
      const real =
        kind === "aside"
          ? ledger.balance(`wallet:${account}`).pendingOut
          : ledger.balance(name).available;
      expect(real, name).toBe(micro);
      expect(real, name).toBeGreaterThanOrEqual(0);
    }
  }

  #wirePayouts(): PayoutsArea {
    const { database, ledger, clock } = this.#rig.money;
    return createPayoutsArea(database, ledger, clock);
  }

  #move(from: string, to: string, micro: number): void {
    this.#model.set(from, (this.#model.get(from) ?? 0) - micro);
    this.#model.set(to, (this.#model.get(to) ?? 0) + micro);
  }

  #moveAll(from: string, to: string, keepMicro: number): void {
    this.#move(from, to, Math.max(0, (this.#model.get(from) ?? 0) - keepMicro));
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random(from.length)]!;
  }
}

function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
