import { hash, randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";
import { GridError } from "../../protocol/errors.ts";
import type { Database } from "../database/open.ts";
import type { Ledger } from "../ledger/port.ts";
import type { CampaignRows } from "./campaign-rows.ts";
import { dayOf, dayStartMs } from "./days.ts";
import type { CampaignRow, ViewRow } from "./schema.ts";
import { openView, stepView, type ViewPhase, type ViewState } from "./view.ts";
import type { ViewRows, Watched } from "./view-rows.ts";

/** After what has to be watched, a view stays open so long: for a page that was hidden, or buffers. */
const viewSpareMs = 600_000;
/** Campaigns looked at for one with budget; those without any are not among them. */
const candidatesMax = 50;
/** What has been watched is in memory: a write to the disk each second and viewer would buy nothing. */
const progressMaxDefault = 100_000;

type Progress = Pick<ViewState, "watchedMs" | "last">;

export interface ViewsOptions {
  database: Database;
  ledger: Ledger;
  campaigns: CampaignRows;
  views: ViewRows;
  /** Views that one account is paid for in a day, over all campaigns. */
  viewsPerDayMax: number;
  /** Views whose progress is remembered. */
  progressMax?: number | undefined;
  clock: () => number;
}

/**
 * Watching. When a view is opened, the campaign must be able to pay it beside all others that are open, so a commercial
 * that was watched to its end is always paid. That it is paid once: the view's row and its transfer, whose id is made of
 * the view's, are written in one transaction.
 */
export class Views {
  readonly #options: ViewsOptions;
  readonly #progress: LRUCache<string, Progress>;

  constructor(options: ViewsOptions) {
    this.#options = options;
    this.#progress = new LRUCache({ max: options.progressMax ?? progressMaxDefault });
  }

  get viewsPerDayMax(): number {
    return this.#options.viewsPerDayMax;
  }

  /** The campaign whose turn it is, of those that this account may watch now. */
  next(viewer: string): CampaignRow | undefined {
    if (this.today(viewer).views >= this.viewsPerDayMax) return undefined;
    return this.#candidates(viewer).find((campaign) => this.#canPay(campaign));
  }

  /** Campaigns that this account may watch now, whose turn it is first. */
  offered(viewer: string, limit: number): CampaignRow[] {
    if (this.today(viewer).views >= this.viewsPerDayMax) return [];
    return this.#candidates(viewer)
      .filter((campaign) => this.#canPay(campaign))
      .slice(0, limit);
  }

  /** What an account was paid since the day (UTC) began. */
  today(viewer: string): Watched {
    const { views, clock } = this.#options;
    return views.watchedSince(viewer, dayStartMs(dayOf(clock())));
  }

  /**
   * Opens a view and ends the one that the account had open.
   * @throws GridError not-found (no campaign that runs), conflict (own campaign, a cap is reached, no budget)
   */
  open(id: string, campaignId: string, viewer: string): { view: ViewRow; token: string } {
    const { database, campaigns, views, clock } = this.#options;
    const token = `sgv_${randomBytes(32).toString("base64url")}`;
    const nowMs = clock();
    const { view, former } = database.transaction(() => {
      const former = views.openOf(viewer);
      if (former)
        views.end(former.id, endOf(stepView(stateOf(former), { type: "replace" }, nowMs)), nowMs);
      const campaign = this.#watchable(campaignId, viewer, nowMs);
      const requiredMs = campaign.watchSeconds * 1_000;
      const view: ViewRow = {
        id,
        campaign: campaign.id,
        viewer,
        tokenHash: hashOf(token),
        phase: "open",
        micro: campaign.viewMicro,
        requiredMs,
        openedAtMs: nowMs,
        expiresAtMs: nowMs + requiredMs + viewSpareMs,
        endedAtMs: null,
      };
      views.insert(view);
      campaigns.takeTurn(campaign.id);
      campaigns.count(campaign.id, dayOf(nowMs), { opened: 1 });
      return { view, former };
    });
    if (former) this.#progress.delete(former.id);
    return { view, token };
  }

  /** @throws GridError not-found (not a view of this account), conflict (it has ended) */
  heartbeat(token: string, viewer: string, beat: { sequence: number; visible: boolean }) {
    const row = this.#find(token, viewer);
    const step = stepView(
      this.#stateOf(row),
      { type: "heartbeat", ...beat },
      this.#options.clock(),
    );
    if (step.outcome === "over") throw over(step.state.phase);
    const { watchedMs, last, requiredMs } = step.state;
    this.#progress.set(row.id, last === undefined ? { watchedMs } : { watchedMs, last });
    return { taken: step.outcome === "counted", watchedMs, requiredMs };
  }

  /**
   * Pays what was watched for long enough; once, however often it is asked.
   * @throws GridError not-found (not a view of this account), view-incomplete, conflict (it has ended otherwise)
   */
  finish(token: string, viewer: string): { view: ViewRow; title: string } {
    const { database, ledger, campaigns, views, clock } = this.#options;
    return database.transaction(() => {
      const row = this.#find(token, viewer);
      const nowMs = clock();
      const { state, outcome } = stepView(this.#stateOf(row), { type: "finish" }, nowMs);
      if (outcome === "over") throw over(state.phase);
      if (outcome === "incomplete") throw incomplete(state);
      const campaign = campaigns.find(row.campaign)!;
      if (outcome === "repeated") return { view: row, title: campaign.title };
      const { micro } = row;
      const held = `campaign:${row.campaign}`;
      ledger.apply([
        {
          id: `view:${row.id}`,
          kind: "view",
          debit: held,
          credit: `wallet:${viewer}`,
          micro,
          about: { campaign: row.campaign, view: row.id },
        },
      ]);
      views.end(row.id, state.phase, nowMs);
      campaigns.count(row.campaign, dayOf(row.openedAtMs), { completed: 1, spentMicro: micro });
      if (ledger.balance(held).available < campaign.viewMicro)
        campaigns.update(row.campaign, { dry: true });
      return { view: { ...row, phase: state.phase, endedAtMs: nowMs }, title: campaign.title };
    });
  }

  isWatching(viewer: string, campaign: string): boolean {
    return this.#options.views.openOf(viewer)?.campaign === campaign;
  }

  /** Ends views whose time is over. */
  expire(limit: number): void {
    const { views, clock } = this.#options;
    for (const id of views.expire(clock(), limit)) this.#progress.delete(id);
  }

  #candidates(viewer: string): CampaignRow[] {
    const { views, clock } = this.#options;
    return views.watchable(viewer, clock(), candidatesMax);
  }

  #watchable(id: string, viewer: string, nowMs: number): CampaignRow {
    const { campaigns, views } = this.#options;
    const campaign = campaigns.find(id);
    const runs =
      campaign?.state === "running" && campaign.startsAtMs <= nowMs && nowMs < campaign.endsAtMs;
    if (!runs)
      throw new GridError("not-found", `There is no campaign ${id} to watch.`, { name: id });
    if (campaign.sponsor === viewer)
      throw new GridError("conflict", "Nobody is paid for watching an own campaign.");
    const hint = "GET /v1/campaigns/next names one that can be watched now, if there is one.";
    if (this.today(viewer).views >= this.viewsPerDayMax)
      throw new GridError("conflict", "That was all for today; the day ends at midnight UTC.", {
        limit: this.viewsPerDayMax,
      });
    const [allowed] = views.watchable(viewer, nowMs, 1, id);
    if (!allowed) throw new GridError("conflict", "This campaign's cap is reached.", { hint });
    if (!this.#canPay(allowed))
      throw new GridError("conflict", "This campaign's budget is used up.", { hint });
    return allowed;
  }

  /** Whether the budget suffices for one more view beside those that are open. */
  #canPay({ id, viewMicro }: CampaignRow): boolean {
    const { ledger, views, clock } = this.#options;
    const open = views.countOpen(id, clock());
    return ledger.balance(`campaign:${id}`).available >= (open + 1) * viewMicro;
  }

  #find(token: string, viewer: string): ViewRow {
    const row = this.#options.views.byToken(hashOf(token));
    if (row?.viewer === viewer) return row;
    throw new GridError("not-found", "There is no such view.", {
      hint: "POST /v1/campaigns/ID/views opens one.",
    });
  }

  #stateOf(row: ViewRow): ViewState {
    return { ...stateOf(row), ...this.#progress.get(row.id) };
  }
}

function stateOf({ phase, requiredMs, expiresAtMs }: ViewRow): ViewState {
  return { ...openView(requiredMs, expiresAtMs), phase };
}

function endOf({ state }: { state: ViewState }): ViewPhase {
  return state.phase;
}

function hashOf(token: string): string {
  return hash("sha256", token, "hex");
}

function incomplete({ watchedMs, requiredMs }: ViewState): GridError {
  return new GridError(
    "view-incomplete",
    `${Math.floor(watchedMs / 1_000)} of ${requiredMs / 1_000} seconds were watched.`,
    {
      limit: requiredMs - watchedMs,
      hint: "Time counts between heartbeats of a visible page, by the server's clock.",
    },
  );
}

function over(phase: ViewPhase): GridError {
  const why: Record<ViewPhase, string> = {
    open: "This view cannot be used.",
    paid: "This view has been paid.",
    replaced: "Another view was opened instead of this one.",
    expired: "This view's time is over.",
  };
  return new GridError("conflict", why[phase], {
    hint: "Open a new view; one at a time can be watched.",
  });
}
