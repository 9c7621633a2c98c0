import type { Deps } from "../deps.ts";
import { dayOf } from "./days.ts";
import type { CampaignRow } from "./schema.ts";
import type { CampaignFigures } from "./wire.ts";

/** What is to be told of a campaign beside its own row. */
export function campaignFigures(
  { accounts, campaigns: area, clock }: Pick<Deps, "accounts" | "campaigns" | "clock">,
  { id, sponsor }: CampaignRow,
): CampaignFigures {
  const { campaigns, campaignRows, viewRows } = area;
  return {
    sponsorHandle: accounts.find(sponsor)?.handle ?? sponsor,
    heldMicro: campaigns.heldMicro(id),
    open: viewRows.countOpen(id, clock()),
    totals: campaignRows.totals(id),
    completedToday: campaignRows.completedOn(id, dayOf(clock())),
  };
}
