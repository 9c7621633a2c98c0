import type { Campaign, CampaignDay } from "../../protocol/http-campaigns.ts";
import type { Commercial, PaidView } from "../../protocol/http-views.ts";
import { creditsOf } from "../../protocol/money.ts";
import type { CampaignDayRow, CampaignTotals } from "./campaign-rows.ts";
import { dayText } from "./days.ts";
import type { CampaignRow, ViewRow } from "./schema.ts";

/** What a campaign's row does not say of it. */
export interface CampaignFigures {
  sponsorHandle: string;
  heldMicro: number;
  open: number;
  totals: CampaignTotals;
  completedToday: number;
}

/** A campaign as its sponsor and the operator see it. */
export function campaignOf(row: CampaignRow, figures: CampaignFigures): Campaign {
  const { opened, completed, spentMicro } = figures.totals;
  return {
    id: row.id,
    sponsor: figures.sponsorHandle,
    state: row.state,
    title: row.title,
    text: row.text,
    ...shownOf(row),
    creditsPerView: creditsOf(row.viewMicro),
    watchSeconds: row.watchSeconds,
    caps: {
      perViewer: row.perViewerMax,
      perViewerDay: row.perViewerDayMax,
      perDay: row.perDayMax,
    },
    startsAt: timeText(row.startsAtMs),
    endsAt: timeText(row.endsAtMs),
    budget: creditsOf(figures.heldMicro),
    spent: creditsOf(spentMicro),
    views: { opened, completed, completedToday: figures.completedToday, open: figures.open },
    createdAt: timeText(row.createdAtMs),
    ...(row.endedAtMs === null ? {} : { endedAt: timeText(row.endedAtMs) }),
    ...(row.endedBy === null ? {} : { endedBy: row.endedBy }),
    ...(row.stopReason === null ? {} : { stopReason: row.stopReason }),
  };
}

/** A campaign as a viewer sees it. */
export function commercialOf(row: CampaignRow, sponsorHandle: string): Commercial {
  return {
    id: row.id,
    sponsor: sponsorHandle,
    title: row.title,
    text: row.text,
    ...shownOf(row),
    credits: creditsOf(row.viewMicro),
    watchSeconds: row.watchSeconds,
  };
}

export function dayOfCampaign({ day, opened, completed, spentMicro }: CampaignDayRow): CampaignDay {
  return {
    day: dayText(day),
    opened,
    completed,
    completionRate: opened === 0 ? 0 : completed / opened,
    spent: creditsOf(spentMicro),
  };
}

export function paidViewOf(view: ViewRow, title: string): PaidView {
  return {
    id: view.id,
    campaign: view.campaign,
    title,
    credits: creditsOf(view.micro),
    paidAt: timeText(view.endedAtMs!),
  };
}

function shownOf({ id, link, mediaKind, mediaUrl, mediaDigest }: CampaignRow) {
  const uploaded = mediaDigest !== null;
  // Its digest makes the address of another picture another address, for caches.
  const url = uploaded ? `/v1/campaigns/${id}/media?v=${mediaDigest.slice(0, 12)}` : mediaUrl;
  return {
    ...(link === null ? {} : { link }),
    ...(mediaKind === null || url === null ? {} : { media: { kind: mediaKind, url, uploaded } }),
  };
}

function timeText(atMs: number): string {
  return new Date(atMs).toISOString();
}
