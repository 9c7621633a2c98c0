import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import { earnerOf } from "../../../protocol/earner.ts";
import { GridError } from "../../../protocol/errors.ts";
import type { Earning } from "../../store/port.ts";
import { modelFacts, realFacts, totalsOf } from "./facts.ts";
import { Died } from "./fuse.ts";
import { signUpGrantMicro } from "./life.ts";
import { type ModelState, MoneyModel, Refused } from "./model.ts";
import type { Request, Watching } from "./requests.ts";
import * as requests from "./requests.ts";
import type { Death, MoneyWorld } from "./world.ts";

export const verbs = [
  "grant",
  "submit",
  "answer",
  "answer",
  "answer",
  "settle",
  "settle",
  "settle",
  "settle late",
  "top up",
  "end job",
  "campaign",
  "fund",
  "start or pause",
  "end campaign",
  "open view",
  "watch",
  "finish",
  "earn",
  "earn",
  "payout",
  "end payout",
  "end payout",
  "time",
  "replay",
  "replay",
  "crash",
] as const;

/** One step of a history; the numbers choose among what there is. */
export interface Step {
  verb: (typeof verbs)[number];
  who: number;
  which: number;
  micro: number;
  dice: number;
  /** The process dies at that many places that reach the disk from here on; 0: it does not. */
  dies: number;
  death: Death;
}

const members = 3;

/** Makes requests of a world, holds it against its model after each, and lets processes die in between. */
export class MoneyHistory {
  readonly model: MoneyModel;
  readonly told: string[] = [];
  /** What came to pass, by name: a test of nothing would pass as well. */
  readonly seen: Record<string, number> = {};
  readonly #world: MoneyWorld;
  readonly #name: string;
  readonly #accounts: string[];
  readonly #asked: Request[] = [];
  readonly #watchings: Watching[] = [];
  /** What somebody read of the store's counts, some time ago. */
  readonly #read: { job: string; earned: Earning[] }[] = [];
  /** Counts that the store has told of: they must outlive it. */
  #kept: Record<string, Record<string, number>> = {};
  #ids = 0;
  /** It is compared once, when all has come to its end. */
  #ending = false;

  /** @param shared balances of the accounts that all histories share */
  constructor(world: MoneyWorld, name: string, shared: Record<string, number>) {
    this.#world = world;
    this.#name = name;
    this.model = new MoneyModel({ there: shared });
    this.#accounts = Array.from({ length: members }, (_, i) => `acc_${name}_${i}`);
  }

  /** Balances of the accounts that all histories share. */
  get shared(): Record<string, number> {
    const { mint = 0, platform = 0, paid = 0 } = this.model.state.there;
    return { mint, platform, paid };
  }

  async begin(): Promise<void> {
    for (const account of this.#accounts)
      await this.#ask(requests.signUp(account, signUpGrantMicro));
  }

  async step(step: Step): Promise<void> {
    const request = await this.#requestOf(step);
    this.#world.death = step.death;
    if (request) await this.#ask(request, step.dies);
    if (step.verb === "crash") await this.#crash();
  }

  /** Everything comes to its end: no hold has anything left. */
  async end(): Promise<void> {
    const { state } = this.model;
    this.#ending = true;
    for (const id of Object.keys(state.jobs)) await this.#ask(requests.end(id, "cancelled"));
    for (const id of Object.keys(state.campaigns)) await this.#ask(requests.endCampaign(id));
    for (const [id, { state: at }] of Object.entries(state.payouts))
      if (at === "requested") await this.#ask(requests.reject(id, "the end"));
    this.#world.nowMs += 3_600_000;
    this.#ending = false;
    await this.#ask(requests.sweep());
    for (const [account, micro] of Object.entries(this.model.state.there))
      if (/^(?:job|campaign):/.test(account)) expect(micro, account).toBe(0);
    for (const [account, micro] of Object.entries(this.model.state.aside))
      expect(micro, account).toBe(0);
    const { jobs, views, payouts } = this.model.state;
    for (const { paid, owed } of Object.values(jobs)) {
      if (Object.keys(paid).length > 0) this.#see("jobs paid");
      if (owed > 0) this.#see("jobs that nobody could pay");
    }
    for (const { phase } of Object.values(views)) this.#see(`views ${phase}`);
    for (const { state: at } of Object.values(payouts)) this.#see(`payouts ${at}`);
  }

  async #requestOf(step: Step): Promise<Request | undefined> {
    const { who, which, micro, dice } = step;
    const { jobs, campaigns, payouts, views } = this.model.state;
    const account = this.#accounts[who % members]!;
    const job = pick(Object.keys(jobs), which);
    const campaign = pick(Object.keys(campaigns), which);
    const watching = pick(
      this.#watchings.filter(({ id, token }) => token !== "" && views[id]),
      which,
    );
    switch (step.verb) {
      case "grant": {
        const to = dice < 30 ? "platform" : `wallet:${account}`;
        return requests.grant(this.#id("grant"), to, micro);
      }
      case "submit":
        return this.#submit(step, account);
      case "answer": {
        if (job === undefined || jobs[job]!.closed) return this.#submit(step, account);
        const earner = earnerOf(account, `run_${dice % 2}`);
        return jobs[job]!.known ? requests.answer(job, earner, micro * 1_000 + dice) : undefined;
      }
      case "settle":
        return job === undefined ? this.#submit(step, account) : requests.settle(job);
      case "settle late": {
        if (job !== undefined && dice < 50)
          this.#read.push({ job, earned: await this.#countsOf(job) });
        const read = pick(this.#read, which);
        return read && requests.settleLate(read.job, read.earned);
      }
      case "top up":
        return job === undefined
          ? this.#submit(step, account)
          : requests.topUp(job, `key ${dice % 4}`, micro);
      case "end job": {
        const status = (["succeeded", "failed", "cancelled"] as const)[dice % 3]!;
        return job === undefined ? this.#submit(step, account) : requests.end(job, status);
      }
      case "campaign":
        return this.#campaign(step, account);
      case "fund": {
        if (campaign === undefined) return this.#campaign(step, account);
        const { sponsor } = campaigns[campaign]!;
        return requests.fund(campaign, sponsor, `${campaign}:${dice % 3}`, 1 + dice * 10_000);
      }
      case "start or pause": {
        if (campaign === undefined) return this.#campaign(step, account);
        const { sponsor } = campaigns[campaign]!;
        return requests.steer(campaign, sponsor, dice < 75 ? "start" : "pause");
      }
      case "end campaign":
        return campaign === undefined
          ? this.#campaign(step, account)
          : requests.endCampaign(campaign);
      case "open view":
        return campaign === undefined
          ? this.#campaign(step, account)
          : this.#open(campaign, account);
      case "watch":
        return watching && requests.watch(watching, 1 + (dice % 7));
      case "finish": {
        const by = dice < 90 ? watching?.viewer : account;
        return watching && by !== undefined ? requests.finish(watching, by) : undefined;
      }
      case "earn":
        return campaign === undefined
          ? this.#campaign(step, account)
          : this.#earn(campaign, account);
      case "payout":
        return this.#payout(step, account);
      case "end payout": {
        const payout = pick(Object.keys(payouts), which);
        if (payout === undefined) return this.#payout(step, account);
        if (dice < 20) return requests.pay(payout, undefined);
        if (dice < 60) return requests.pay(payout, `R${dice % 2}`);
        if (dice < 80) return requests.reject(payout, "no");
        return requests.withdraw(payout, payouts[payout]!.account);
      }
      case "time":
        // Forwards, to where views are over too; and backwards.
        this.#world.nowMs += dice < 60 ? dice * 100 : dice < 80 ? 400_000 : -dice * 1_000;
        return requests.sweep();
      case "replay":
        return pick(this.#asked, which);
      case "crash":
        return undefined;
    }
  }

  #submit(step: Step, owner: string): Request {
    return requests.submit(this.#newJob(step, owner));
  }

  #campaign({ dice, micro }: Step, sponsor: string): Request {
    const viewMicro = 1 + ((dice * 7_919) % 700_000);
    return requests.createCampaign(this.#id("cmp"), sponsor, viewMicro, micro);
  }

  #payout({ micro }: Step, account: string): Request {
    return requests.requestPayout(this.#id("pay"), account, 1_000_000 + (micro % 2_000_000));
  }

  #newJob({ micro, dice, which }: Step, owner: string): requests.NewJob {
    const author = this.#accounts[which % members]!;
    return {
      id: this.#id("job"),
      owner,
      author,
      // Some are soon used up.
      budgetMicro: 1 + (micro % [1_500_000, 20_000][dice % 2]!),
      rateMicro: [1, 1_000, 333_333, 5_000_000][dice % 4]!,
      bidHundredths: [10, 100, 275][dice % 3]!,
      royaltyBasisPoints: author === owner ? 0 : [0, 1_000, 3_333][which % 3]!,
      feeBasisPoints: [0, 500, 10_000][dice % 3]!,
    };
  }

  #open(campaign: string, viewer: string): Request {
    const watching = { id: this.#id("view"), campaign, viewer, token: "", sequence: 0 };
    this.#watchings.push(watching);
    return requests.openView(watching);
  }

  /** The way it is meant to go. */
  async #earn(campaign: string, viewer: string): Promise<Request | undefined> {
    const { sponsor } = this.model.state.campaigns[campaign]!;
    await this.#ask(requests.steer(campaign, sponsor, "start"));
    await this.#ask(this.#open(campaign, viewer));
    const watching = this.#watchings.at(-1)!;
    if (!this.model.state.views[watching.id]) return undefined;
    await this.#ask(requests.watch(watching, 6));
    return requests.finish(watching, viewer);
  }

  async #ask(request: Request, dies = 0): Promise<void> {
    const world = this.#world;
    const { fuse } = world.life;
    this.told.push(request.says);
    if (!request.once) this.#asked.push(request);
    const counted = request.counts !== undefined && this.#isOpen(request.counts);
    if (dies > 0) fuse.arm(dies);
    const outcome = await outcomeOf(() => request.real(world));
    fuse.disarm();
    if (counted) this.#keep();
    this.model.beginVerb();
    const expected = await outcomeOf(() => request.model(this.model));
    const states = this.model.endVerb();
    if (fuse.dead) {
      this.told.push(`died at ${dies}, ${world.death}`);
      this.#see(`died ${world.death}`);
      if (states.length > 2) this.#see("died between store and ledger");
      await this.#revive(states);
    } else {
      this.told.push(`  ${outcome}`);
      if (outcome === "refused") this.#see("refused");
      expect(outcome).toBe(expected);
      if (counted) await this.#checkPause(request.counts!);
    }
    if (!this.#ending) await this.#compare();
  }

  #crash(): Promise<void> {
    this.told.push(`crash, ${this.#world.death}`);
    return this.#revive([this.model.state]);
  }

  /** A verb that died half-way has come as far as one of its marks, and no further; a new process goes on from there. */
  async #revive(states: readonly ModelState[]): Promise<void> {
    const world = this.#world;
    await world.reopen();
    const found: unknown[] = [];
    let come: ModelState | undefined;
    for (const state of states.toReversed()) {
      if (world.death === "with-its-store") await this.#forgetUnwritten(state);
      const real = await realFacts(world, state);
      if (isDeepStrictEqual(real, modelFacts(state))) come = state;
      else found.push(real);
      if (come) break;
    }
    if (!come) expect(found).toEqual(states.toReversed().map(modelFacts));
    this.model.state = come!;
    world.begin();
    // Its first pass looks at all jobs whose payment is open.
    await world.life.settlement.settle("none");
    this.model.beginAnew();
    this.#keep();
    await this.#compare();
  }

  /** The embedded store may lose what was answered last, but nothing that it had told of. */
  async #forgetUnwritten({ jobs }: ModelState): Promise<void> {
    for (const [id, job] of Object.entries(jobs)) {
      if (!job.known) continue;
      const counts = Object.fromEntries(
        (await this.#countsOf(id)).map(({ earner, fuel }) => [earner, fuel]),
      );
      for (const [earner, fuel] of Object.entries(counts))
        expect(fuel, `${id}, ${earner}`).toBeLessThanOrEqual(job.accepted[earner] ?? 0);
      for (const [earner, fuel] of Object.entries(this.#kept[id] ?? {}))
        expect(counts[earner], `${id}, ${earner}`).toBeGreaterThanOrEqual(fuel);
      job.accepted = counts;
    }
  }

  #countsOf(job: string): Promise<Earning[]> {
    return this.#world.store.jobs.earned(job);
  }

  #keep(): void {
    for (const [id, { accepted }] of Object.entries(this.model.state.jobs))
      this.#kept[id] = { ...accepted };
  }

  #isOpen(job: string): boolean {
    const { known, closed } = this.model.state.jobs[job] ?? { known: false, closed: true };
    return known && !closed;
  }

  /** A job that owes is paused, and who is paused is told why. */
  async #checkPause(id: string): Promise<void> {
    const { closed, owed } = this.model.state.jobs[id]!;
    if (closed) return;
    const { pausedFor } = this.#world.life.rows.find(id)!;
    const state = (await this.#world.store.jobs.read(id))!;
    expect(state.status === "paused", pausedFor ?? "goes on").toBe(pausedFor !== null);
    if (owed > 0) {
      this.#see("owed");
      expect(pausedFor).not.toBeNull();
    }
  }

  async #compare(): Promise<void> {
    const { state } = this.model;
    const { database, life } = this.#world;
    const [real, expected] = [await realFacts(this.#world, state), modelFacts(state)];
    if (!isDeepStrictEqual(real, expected)) expect(real).toEqual(expected);
    const { sum, least } = totalsOf(database.client);
    expect(sum).toBe(0);
    expect(least).toBeGreaterThanOrEqual(0);
    expect(life.warnings).toEqual([]);
    for (const [id, job] of Object.entries(state.jobs))
      if (job.closed) expect(this.model.available(`job:${id}`), id).toBe(0);
  }

  #see(what: string): void {
    this.seen[what] = (this.seen[what] ?? 0) + 1;
  }

  #id(kind: string): string {
    return `${kind}_${this.#name}_${this.#ids++}`;
  }
}

function pick<T>(from: readonly T[], which: number): T | undefined {
  return from[which % from.length];
}

/** "done" or "refused". */
async function outcomeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return "done";
  } catch (error) {
    if (error instanceof Died) return "died";
    if (error instanceof Refused) return "refused";
    if (error instanceof GridError && error.code !== "internal") return "refused";
    throw error;
  }
}
