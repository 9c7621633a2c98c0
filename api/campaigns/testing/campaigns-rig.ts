import { type CampaignTerms, campaignTermsSchema } from "../../../protocol/http-campaigns.ts";
import { newId } from "../../../protocol/ids.ts";
import { microOf } from "../../../protocol/money.ts";
import { createBlobRefs } from "../../catalog/blob-refs.ts";
import { BlobGate } from "../../http/blob-gate.ts";
import { openEmbeddedStore } from "../../store/embedded/store.ts";
import type { Store } from "../../store/port.ts";
import { MoneyRig } from "../../testing/money-rig.ts";
import { type CampaignsArea, createCampaignsArea } from "../index.ts";
import type { CampaignRow } from "../schema.ts";

export interface CampaignsRigOptions {
  viewsPerDayMax?: number;
}

/** Campaigns on a real database, ledger and store, with a clock that the test sets. */
export class CampaignsRig {
  readonly money: MoneyRig;
  readonly store: Store;
  area!: CampaignsArea;
  readonly #options: CampaignsRigOptions;

  static async open(options: CampaignsRigOptions = {}): Promise<CampaignsRig> {
    const money = await MoneyRig.open();
    return new CampaignsRig(money, await openEmbeddedStore({ dataDir: money.dataDir }), options);
  }

  private constructor(money: MoneyRig, store: Store, options: CampaignsRigOptions) {
    this.money = money;
    this.store = store;
    this.#options = options;
    this.#wire();
  }

  /** As after a crash of the process: what was in memory is gone. */
  restart(): void {
    this.money.stop();
    this.money.begin();
    this.#wire();
  }

  async end(): Promise<void> {
    await this.store.close();
    await this.money.end();
  }

  /** A campaign that runs, of a sponsor who is given the budget for it. */
  running(terms: Partial<CampaignTerms> = {}, budget = 10, sponsor = "acc_sponsor"): CampaignRow {
    this.money.grant(sponsor, budget);
    const { campaigns } = this.area;
    const { id } = campaigns.create(
      newId("campaign", this.money.nowMs),
      sponsor,
      termsOf(terms),
      microOf(budget),
    );
    return campaigns.start(id, sponsor);
  }

  open(campaign: string, viewer: string) {
    return this.area.views.open(newId("view", this.money.nowMs), campaign, viewer);
  }

  /** Heartbeats of a visible page, one a second. */
  watch(token: string, viewer: string, seconds: number, from = 0): void {
    const beat = (sequence: number) =>
      this.area.views.heartbeat(token, viewer, { sequence, visible: true });
    beat(from);
    for (let second = 1; second <= seconds; second++) {
      this.money.pass(1);
      beat(from + second);
    }
  }

  /** Opens, watches and finishes. */
  earn(campaign: string, viewer: string) {
    const { token, view } = this.open(campaign, viewer);
    this.watch(token, viewer, view.requiredMs / 1_000);
    return this.area.views.finish(token, viewer);
  }

  #wire(): void {
    const { database, ledger, clock } = this.money;
    this.area = createCampaignsArea({
      database,
      ledger,
      blobs: this.store.blobs,
      blobRefs: createBlobRefs(database.drizzle),
      gate: new BlobGate(1_000, clock),
      viewsPerDayMax: this.#options.viewsPerDayMax ?? 50,
      clock,
    });
  }
}

export function termsOf(terms: Partial<CampaignTerms> = {}) {
  return campaignTermsSchema.parse({
    title: "Tea",
    media: { kind: "picture", url: "https://tea.example/cup.png" },
    creditsPerView: 1,
    watchSeconds: 5,
    ...terms,
  });
}
