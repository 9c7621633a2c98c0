import type { Wallet } from "../../protocol/http-ledger.ts";
import { creditsOf } from "../../protocol/money.ts";
import type { LedgerParts } from "./wire.ts";

/** What an account has: to spend, set aside, on its way. */
export function walletOf(
  { ledger, holdings }: Pick<LedgerParts, "ledger" | "holdings">,
  account: string,
): Wallet {
  const { available, pendingOut, pendingIn } = ledger.balance(`wallet:${account}`);
  const jobsMicro = holdings.forJobs(account);
  const campaignsMicro = holdings.forCampaigns(account);
  return {
    available: creditsOf(available),
    held: creditsOf(jobsMicro + campaignsMicro),
    heldForJobs: creditsOf(jobsMicro),
    heldForCampaigns: creditsOf(campaignsMicro),
    onItsWayOut: creditsOf(pendingOut),
    onItsWayIn: creditsOf(pendingIn),
  };
}
