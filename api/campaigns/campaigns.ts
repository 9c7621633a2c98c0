import { GridError } from "../../protocol/errors.ts";
import type { ParsedCampaignTerms } from "../../protocol/http-campaigns.ts";
import { formatCredits } from "../../protocol/money.ts";
import type { BlobRefs } from "../catalog/blob-refs.ts";
import type { Database } from "../database/open.ts";
import type { Ledger } from "../ledger/port.ts";
import { stepCampaign } from "./campaign.ts";
import type { CampaignRows } from "./campaign-rows.ts";
import type { CampaignRow } from "./schema.ts";
import { columnsOf, linkedMedia } from "./terms.ts";
import type { ViewRows } from "./view-rows.ts";

/** Campaigns of one sponsor that have not ended. */
const unendedMax = 100;

export interface CampaignsOptions {
  database: Database;
  ledger: Ledger;
  campaigns: CampaignRows;
  views: ViewRows;
  blobRefs: BlobRefs;
  clock: () => number;
}

/** What sponsors, and the operator, do with campaigns. Credits move in the transaction that notes why. */
export class Campaigns {
  readonly #options: CampaignsOptions;

  constructor(options: CampaignsOptions) {
    this.#options = options;
  }

  /**
   * A draft, with the budget that it begins with. The same id again gives what was made under it.
   * @throws GridError bad-request, insufficient-credits, conflict (too many campaigns)
   */
  create(id: string, sponsor: string, terms: ParsedCampaignTerms, budgetMicro = 0): CampaignRow {
    const { database, campaigns, clock } = this.#options;
    return database.transaction(() => {
      const known = campaigns.find(id);
      if (known) return known;
      if (campaigns.countUnended(sponsor) >= unendedMax)
        throw new GridError("conflict", `You have ${unendedMax} campaigns already.`, {
          limit: unendedMax,
          hint: "End one first.",
        });
      const nowMs = clock();
      const noMedia = { mediaKind: null, mediaUrl: null, mediaDigest: null, mediaType: null };
      campaigns.insert({
        id,
        sponsor,
        state: "draft",
        ...columnsOf(terms, nowMs),
        ...(terms.media ? linkedMedia(terms.media) : noMedia),
        dry: true,
        turn: 0,
        settled: false,
        createdAtMs: nowMs,
        endedAtMs: null,
        endedBy: null,
        stopReason: null,
      });
      if (budgetMicro > 0) this.fund(id, sponsor, `${id}:budget`, budgetMicro);
      return campaigns.find(id)!;
    });
  }

  /** @throws GridError not-found; for a member, what is not the member's own is not there */
  get(id: string, sponsor?: string): CampaignRow {
    const row = this.#options.campaigns.find(id);
    if (row && (sponsor === undefined || row.sponsor === sponsor)) return row;
    throw new GridError("not-found", `There is no campaign ${id}.`, { name: id });
  }

  /** Replaces a draft's terms. @throws GridError not-found, bad-request, conflict (it has run) */
  edit(id: string, sponsor: string, terms: ParsedCampaignTerms): CampaignRow {
    const { database, campaigns, blobRefs, clock } = this.#options;
    return database.transaction(() => {
      stepCampaign(this.get(id, sponsor).state, "edit");
      campaigns.update(id, {
        ...columnsOf(terms, clock()),
        ...(terms.media ? linkedMedia(terms.media) : {}),
      });
      if (terms.media) blobRefs.release(id);
      this.#measure(id);
      return this.get(id);
    });
  }

  /**
   * Moves credits from the sponsor's wallet to the budget.
   * @param funding names this payment: the same again changes nothing
   * @throws GridError not-found, conflict (it has ended), insufficient-credits
   */
  fund(id: string, sponsor: string, funding: string, micro: number): CampaignRow {
    const { database, ledger } = this.#options;
    return database.transaction(() => {
      stepCampaign(this.get(id, sponsor).state, "fund");
      ledger.apply([
        {
          id: `fund:${funding}`,
          kind: "fund",
          debit: `wallet:${sponsor}`,
          credit: heldBy(id),
          micro,
          about: { campaign: id },
        },
      ]);
      this.#measure(id);
      return this.get(id);
    });
  }

  /** Shows it, now or from its start on. @throws GridError not-found, conflict (ended, no budget, nothing to show) */
  start(id: string, sponsor: string): CampaignRow {
    const { database, ledger, campaigns, clock } = this.#options;
    return database.transaction(() => {
      const row = this.get(id, sponsor);
      const state = stepCampaign(row.state, "start");
      if (row.mediaKind === null)
        throw new GridError("conflict", "There is nothing to show yet.", {
          hint: "PUT a picture or video to /v1/campaigns/ID/media, or name one in `media`.",
        });
      if (row.endsAtMs <= clock())
        throw new GridError("conflict", "The campaign's last day has passed.", { name: "endsAt" });
      if (ledger.balance(heldBy(id)).available < row.viewMicro)
        throw new GridError("conflict", "The budget does not pay a single view.", {
          hint: `One costs ${formatCredits(row.viewMicro)}; POST /v1/campaigns/ID/fund adds to the budget.`,
        });
      campaigns.update(id, { state });
      return this.get(id);
    });
  }

  /** Shows it to nobody; views that are open may be finished. @throws GridError not-found, conflict */
  pause(id: string, sponsor: string): CampaignRow {
    const { database, campaigns } = this.#options;
    return database.transaction(() => {
      const state = stepCampaign(this.get(id, sponsor).state, "pause");
      campaigns.update(id, { state });
      return this.get(id);
    });
  }

  /**
   * Ends it for ever. What is left goes back to the sponsor at once, but for what open views may still be paid; that
   * follows when they are over.
   * @throws GridError not-found
   */
  end(
    id: string,
    by: "sponsor" | "operator" | "date",
    stopReason: string | null = null,
  ): CampaignRow {
    const { database, campaigns, views, clock } = this.#options;
    return database.transaction(() => {
      const row = this.get(id);
      if (row.state === "ended") return row;
      const nowMs = clock();
      const state = stepCampaign(row.state, "end");
      campaigns.update(id, { state, endedAtMs: nowMs, endedBy: by, stopReason });
      this.#giveBack(row, `rest:${id}`, views.countOpen(id) * row.viewMicro);
      this.#settle(row);
      return this.get(id);
    });
  }

  /** Ends what is past its date, and gives back what ended campaigns still hold. */
  sweep(limit: number): void {
    const { database, campaigns, clock } = this.#options;
    for (const state of ["running", "paused", "draft"] as const)
      for (const { id } of campaigns.pastDate(state, clock(), limit)) this.end(id, "date");
    for (const row of campaigns.unsettled(limit)) database.transaction(() => this.#settle(row));
  }

  /** Credits that it holds. */
  heldMicro(id: string): number {
    return this.#options.ledger.balance(heldBy(id)).available;
  }

  /** Nothing more can be paid: the rest goes back, the picture or video is let go. */
  #settle(row: CampaignRow): void {
    const { campaigns, views, blobRefs } = this.#options;
    if (views.countOpen(row.id) > 0) return;
    this.#giveBack(row, `rest:${row.id}:late`, 0);
    blobRefs.release(row.id);
    campaigns.update(row.id, { settled: true, mediaDigest: null });
  }

  #giveBack({ id, sponsor }: CampaignRow, transfer: string, keepMicro: number): void {
    const micro = this.heldMicro(id) - keepMicro;
    if (micro <= 0) return;
    this.#options.ledger.apply([
      {
        id: transfer,
        kind: "release",
        debit: heldBy(id),
        credit: `wallet:${sponsor}`,
        micro,
        about: { campaign: id },
      },
    ]);
  }

  /** Notes whether it can pay a view. */
  #measure(id: string): void {
    const { viewMicro } = this.get(id);
    this.#options.campaigns.update(id, { dry: this.heldMicro(id) < viewMicro });
  }
}

function heldBy(campaign: string): string {
  return `campaign:${campaign}`;
}
