import { parseEarner } from "../../../protocol/earner.ts";
import { viewGapMsMax } from "../../../protocol/limits.ts";
import { amountsOf, type ModelTerms, sharedOut } from "./model-prices.ts";

export interface ModelJob extends ModelTerms {
  owner: string;
  author: string;
  /** The store has it. */
  known: boolean;
  ended: boolean;
  /** Its payment is: nothing more is paid. */
  closed: boolean;
  topUps: Record<string, number>;
  owed: number;
  /** Fuel by earner: accepted, and paid. */
  accepted: Record<string, number>;
  paid: Record<string, number>;
}

export interface ModelCampaign {
  sponsor: string;
  viewMicro: number;
  state: "draft" | "running" | "paused" | "ended";
  settled: boolean;
  fundings: Record<string, number>;
  startsAtMs: number;
}

export interface ModelView {
  campaign: string;
  viewer: string;
  micro: number;
  phase: "open" | "paid" | "replaced" | "expired";
  requiredMs: number;
  expiresAtMs: number;
  watchedMs: number;
  lastMs: number | undefined;
}

export interface ModelPayout {
  account: string;
  micro: number;
  state: "requested" | "paid" | "rejected" | "withdrawn";
  paying: boolean;
  how: string;
}

export interface ModelState {
  /** By account of the ledger: all that is there, and what of it is set aside. */
  there: Record<string, number>;
  aside: Record<string, number>;
  grants: string[];
  jobs: Record<string, ModelJob>;
  campaigns: Record<string, ModelCampaign>;
  views: Record<string, ModelView>;
  payouts: Record<string, ModelPayout>;
}

/** What the model does not allow. */
export class Refused extends Error {}

const wallet = (account: string) => `wallet:${account}`;
const viewSpareMs = 600_000;

/**
 * Who has what, in plain maps: no database, no transfers, no state machines. Each verb either does all that it is meant to
 * do or throws Refused. Where a process may die half-way, `mark` notes how far it had come.
 */
export class MoneyModel {
  state: ModelState;
  /** What may be true after a death within a verb: before it, and at each mark. */
  #past: ModelState[] | undefined;

  constructor(shared: Pick<ModelState, "there">) {
    const nothing = { aside: {}, grants: [], jobs: {}, campaigns: {}, views: {}, payouts: {} };
    this.state = { there: { ...shared.there }, ...nothing };
  }

  beginVerb(): void {
    this.#past = [structuredClone(this.state)];
  }

  mark(): void {
    this.#past?.push(structuredClone(this.state));
  }

  /** All states that the verb since `beginVerb` went through, the present one last. */
  endVerb(): ModelState[] {
    const past = [...(this.#past ?? []), this.state];
    this.#past = undefined;
    return past;
  }

  available(account: string): number {
    return (this.state.there[account] ?? 0) - (this.state.aside[account] ?? 0);
  }

  #move(from: string, to: string, micro: number): void {
    if (from !== "mint" && this.available(from) < micro)
      throw new Refused(`${from} has too little`);
    const { there } = this.state;
    there[from] = (there[from] ?? 0) - micro;
    there[to] = (there[to] ?? 0) + micro;
  }

  grant(id: string, account: string, micro: number): void {
    if (this.state.grants.includes(id)) return;
    this.state.grants.push(id);
    this.#move("mint", account, micro);
  }

  submit(id: string, job: Pick<ModelJob, "owner" | "author"> & ModelTerms, micro: number): void {
    const { jobs } = this.state;
    const before = jobs[id];
    if (!before || (before.closed && !before.known)) {
      this.#move(wallet(job.owner), `job:${id}`, micro);
      const fresh = { known: false, ended: false, closed: false, owed: 0, topUps: {} };
      jobs[id] = { ...job, ...fresh, accepted: {}, paid: {} };
    }
    this.mark();
    jobs[id]!.known = true;
  }

  topUp(id: string, key: string, micro: number): void {
    const job = this.state.jobs[id]!;
    const before = job.topUps[key];
    if (before !== undefined && before !== micro) throw new Refused("another amount before");
    if (before !== undefined) return;
    if (job.closed) throw new Refused("it is closed");
    this.#move(wallet(job.owner), `job:${id}`, micro);
    job.topUps[key] = micro;
  }

  accept(id: string, earner: string, fuel: number): void {
    const { accepted } = this.state.jobs[id]!;
    accepted[earner] = (accepted[earner] ?? 0) + fuel;
  }

  /** All that is owed of a job, as far as its hold goes; at its end, as far as its owner and the platform go too. */
  settle(id: string): void {
    const job = this.state.jobs[id]!;
    this.settleBy(id, job.accepted, job.ended || !job.known);
  }

  /** The same by what was known of it at some time. */
  settleBy(id: string, earned: Readonly<Record<string, number>>, ended: boolean): void {
    const job = this.state.jobs[id]!;
    if (job.closed) return;
    const hold = `job:${id}`;
    let due = sharedOut(earned, job.paid, job, this.available(hold));
    if (ended && due.owed > 0) {
      const fromOwner = Math.min(this.available(wallet(job.owner)), due.owed);
      const fromPlatform = Math.min(this.available("platform"), due.owed - fromOwner);
      this.#move(wallet(job.owner), hold, fromOwner);
      this.#move("platform", hold, fromPlatform);
      due = sharedOut(earned, job.paid, job, this.available(hold));
    }
    for (const [earner, fuel] of Object.entries(due.reached)) {
      const [after, before] = [amountsOf(fuel, job), amountsOf(job.paid[earner] ?? 0, job)];
      this.#move(hold, wallet(parseEarner(earner).account), after.work - before.work);
      this.#move(hold, wallet(job.author), after.royalty - before.royalty);
      this.#move(hold, "platform", after.fee - before.fee);
      job.paid[earner] = fuel;
    }
    job.owed = due.owed;
    if (!ended) return;
    this.#move(hold, wallet(job.owner), this.available(hold));
    job.closed = true;
  }

  createCampaign(
    id: string,
    campaign: Pick<ModelCampaign, "sponsor" | "viewMicro" | "startsAtMs">,
    budgetMicro: number,
  ): void {
    if (this.state.campaigns[id]) return;
    this.#move(wallet(campaign.sponsor), `campaign:${id}`, budgetMicro);
    this.state.campaigns[id] = { ...campaign, state: "draft", settled: false, fundings: {} };
  }

  fund(id: string, funding: string, micro: number): void {
    const campaign = this.state.campaigns[id]!;
    if (campaign.state === "ended") throw new Refused("it has ended");
    const before = campaign.fundings[funding];
    if (before !== undefined && before !== micro) throw new Refused("another amount before");
    if (before !== undefined) return;
    this.#move(wallet(campaign.sponsor), `campaign:${id}`, micro);
    campaign.fundings[funding] = micro;
  }

  start(id: string): void {
    const campaign = this.state.campaigns[id]!;
    if (campaign.state === "ended") throw new Refused("it has ended");
    if (this.available(`campaign:${id}`) < campaign.viewMicro) throw new Refused("no budget");
    campaign.state = "running";
  }

  pause(id: string): void {
    const campaign = this.state.campaigns[id]!;
    if (campaign.state !== "running" && campaign.state !== "paused") throw new Refused("not shown");
    campaign.state = "paused";
  }

  end(id: string): void {
    const job = this.state.jobs[id]!;
    if (job.known) job.ended = true;
    this.mark();
    this.settle(id);
  }

  /** A new process: what jobs came to is looked at, what was only in memory is gone. */
  beginAnew(): void {
    for (const view of Object.values(this.state.views))
      Object.assign(view, { watchedMs: 0, lastMs: undefined });
    for (const id of Object.keys(this.state.jobs).sort()) this.settle(id);
  }

  endCampaign(id: string): void {
    const campaign = this.state.campaigns[id]!;
    if (campaign.state === "ended") return;
    campaign.state = "ended";
    this.#giveBack(id);
  }

  /** All but what open views may still be paid. */
  #giveBack(id: string): void {
    const campaign = this.state.campaigns[id]!;
    const open = this.#openOf(id).length;
    const rest = this.available(`campaign:${id}`) - open * campaign.viewMicro;
    if (rest > 0) this.#move(`campaign:${id}`, wallet(campaign.sponsor), rest);
    campaign.settled = open === 0;
  }

  #openOf(campaign: string): ModelView[] {
    const views = Object.values(this.state.views);
    return views.filter((view) => view.campaign === campaign && view.phase === "open");
  }

  openView(id: string, campaignId: string, viewer: string, watchMs: number, nowMs: number): void {
    const { campaigns, views } = this.state;
    const campaign = campaigns[campaignId]!;
    if (campaign.state !== "running" || nowMs < campaign.startsAtMs)
      throw new Refused("it is not shown");
    if (campaign.sponsor === viewer) throw new Refused("it is the viewer's own");
    const former = Object.values(views).find(
      (view) => view.viewer === viewer && view.phase === "open",
    );
    const others = this.#openOf(campaignId).filter(
      (view) => view !== former && view.expiresAtMs > nowMs,
    );
    if (this.available(`campaign:${campaignId}`) < (others.length + 1) * campaign.viewMicro)
      throw new Refused("no budget");
    if (former) former.phase = nowMs < former.expiresAtMs ? "replaced" : "expired";
    views[id] = {
      campaign: campaignId,
      viewer,
      micro: campaign.viewMicro,
      phase: "open",
      requiredMs: watchMs,
      expiresAtMs: nowMs + watchMs + viewSpareMs,
      watchedMs: 0,
      lastMs: undefined,
    };
  }

  beat(id: string, nowMs: number): void {
    const view = this.state.views[id]!;
    if (view.phase !== "open" || nowMs >= view.expiresAtMs) throw new Refused("it is over");
    const atMs = Math.max(nowMs, view.lastMs ?? nowMs);
    const passedMs = atMs - (view.lastMs ?? atMs);
    if (passedMs <= viewGapMsMax) view.watchedMs += passedMs;
    view.lastMs = atMs;
  }

  finish(id: string, viewer: string, nowMs: number): void {
    const view = this.state.views[id]!;
    if (view.viewer !== viewer) throw new Refused("another's");
    if (view.phase === "paid") return;
    if (view.phase !== "open" || nowMs >= view.expiresAtMs) throw new Refused("it is over");
    if (view.watchedMs < view.requiredMs) throw new Refused("not watched");
    this.#move(`campaign:${view.campaign}`, wallet(viewer), view.micro);
    view.phase = "paid";
  }

  sweep(nowMs: number): void {
    for (const view of Object.values(this.state.views))
      if (view.phase === "open" && nowMs >= view.expiresAtMs) view.phase = "expired";
    for (const [id, { state, settled }] of Object.entries(this.state.campaigns))
      if (state === "ended" && !settled && this.#openOf(id).length === 0) this.#giveBack(id);
  }

  requestPayout(id: string, account: string, micro: number): void {
    if (this.state.payouts[id]) return;
    const from = wallet(account);
    if (this.available(from) < micro) throw new Refused("too little");
    this.state.aside[from] = (this.state.aside[from] ?? 0) + micro;
    const fresh = { state: "requested", paying: false, how: "" } as const;
    this.state.payouts[id] = { account, micro, ...fresh };
  }

  pay(id: string, reference: string | undefined): void {
    const payout = this.state.payouts[id]!;
    if (this.#isRepeat(payout, "paid", reference ?? "begun")) return;
    payout.paying = true;
    this.mark();
    if (reference === undefined) return;
    this.#endPayout(payout, "paid", reference);
    this.#move(wallet(payout.account), "paid", payout.micro);
  }

  reject(id: string, reason: string): void {
    const payout = this.state.payouts[id]!;
    if (!this.#isRepeat(payout, "rejected", reason)) this.#endPayout(payout, "rejected", reason);
  }

  withdraw(id: string): void {
    const payout = this.state.payouts[id]!;
    if (this.#isRepeat(payout, "withdrawn", "")) return;
    if (payout.paying) throw new Refused("it is being paid");
    this.#endPayout(payout, "withdrawn", "");
  }

  #isRepeat({ state, how }: ModelPayout, as: ModelPayout["state"], by: string): boolean {
    if (state === "requested") return false;
    if (state === as && how === by) return true;
    throw new Refused("it has ended otherwise");
  }

  #endPayout(payout: ModelPayout, as: ModelPayout["state"], by: string): void {
    const from = wallet(payout.account);
    this.state.aside[from] = this.state.aside[from]! - payout.micro;
    payout.state = as;
    payout.how = by;
  }
}
