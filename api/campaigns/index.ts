import type { BlobRefs } from "../catalog/blob-refs.ts";
import type { Database } from "../database/open.ts";
import type { BlobGate } from "../http/blob-gate.ts";
import type { Ledger } from "../ledger/port.ts";
import type { BlobStore } from "../store/port.ts";
import { CampaignRows } from "./campaign-rows.ts";
import { Campaigns } from "./campaigns.ts";
import { CampaignMedia } from "./media.ts";
import { ViewRows } from "./view-rows.ts";
import { Views } from "./views.ts";

/** Views that are ended, and campaigns that are settled, in one round of housekeeping. */
const sweptAtOnce = 500;
/** Views that ended unpaid are forgotten after a day. */
const unpaidKeptMs = 86_400_000;

export interface CampaignsAreaOptions {
  database: Database;
  ledger: Ledger;
  blobs: BlobStore;
  blobRefs: BlobRefs;
  gate: BlobGate;
  /** Views that one account is paid for in a day, over all campaigns. */
  viewsPerDayMax: number;
  /** Views whose progress is remembered. */
  progressMax?: number;
  clock: () => number;
}

export interface CampaignsArea {
  campaigns: Campaigns;
  campaignRows: CampaignRows;
  views: Views;
  viewRows: ViewRows;
  media: CampaignMedia;
  /** Ends what is over, gives back what is left. */
  sweep(): void;
}

/** Makes the parts of this folder and joins them. */
export function createCampaignsArea(options: CampaignsAreaOptions): CampaignsArea {
  const { database, ledger, blobs, blobRefs, gate, viewsPerDayMax, progressMax, clock } = options;
  const rows = new CampaignRows(database.drizzle);
  const viewRows = new ViewRows(database.drizzle);
  const shared = { database, ledger, campaigns: rows, views: viewRows, clock };
  const campaigns = new Campaigns({ ...shared, blobRefs });
  const views = new Views({ ...shared, viewsPerDayMax, progressMax });
  const media = new CampaignMedia({ database, blobs, blobRefs, gate, campaigns, rows });
  return {
    campaigns,
    campaignRows: rows,
    views,
    viewRows,
    media,
    sweep() {
      views.expire(sweptAtOnce);
      viewRows.forgetUnpaid(clock() - unpaidKeptMs, sweptAtOnce);
      campaigns.sweep(sweptAtOnce);
    },
  };
}
