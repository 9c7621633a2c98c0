import { createRouter } from "sv-router";
import NotFound from "../pages/NotFound.svelte";

/**
 * Every page of the website, each loaded when it is opened. A page reads `route.params` reactively: going from one job
 * to another does not mount it anew.
 */
export const { p, navigate, isActive, route } = createRouter({
  "/": () => import("../pages/market/Market.svelte"),
  "/datasets": () => import("../pages/datasets/Datasets.svelte"),
  "/datasets/:id": () => import("../pages/datasets/Dataset.svelte"),
  "/f/:owner/:name": () => import("../pages/function/FunctionPage.svelte"),
  "/f/:owner/:name/edit": () => import("../pages/editor/Edit.svelte"),
  "/new": () => import("../pages/editor/New.svelte"),
  "/sign-in": () => import("../pages/account/SignIn.svelte"),
  "/sign-up": () => import("../pages/account/SignUp.svelte"),
  "/device": () => import("../pages/account/Device.svelte"),
  "/jobs": () => import("../pages/jobs/JobList.svelte"),
  "/jobs/compare": () => import("../pages/jobs/Compare.svelte"),
  "/jobs/:id": () => import("../pages/jobs/JobPage.svelte"),
  "/lab": () => import("../pages/lab/Lab.svelte"),
  "/wallet": () => import("../pages/wallet/Wallet.svelte"),
  "/machines": () => import("../pages/machines/Machines.svelte"),
  "/sponsor": () => import("../pages/sponsor/Sponsor.svelte"),
  "/sponsor/new": () => import("../pages/sponsor/NewCampaign.svelte"),
  "/sponsor/:id": () => import("../pages/sponsor/CampaignPage.svelte"),
  "/sponsor/:id/edit": () => import("../pages/sponsor/EditCampaign.svelte"),
  "/pools": () => import("../pages/pools/Pools.svelte"),
  "/pools/join": () => import("../pages/pools/Join.svelte"),
  "/pools/:owner/:name": () => import("../pages/pools/Pool.svelte"),
  "/earn": () => import("../pages/earn/Earn.svelte"),
  "/payouts": () => import("../pages/payouts/Payouts.svelte"),
  "/operator": () => import("../pages/operator/Overview.svelte"),
  "/operator/members": () => import("../pages/operator/Members.svelte"),
  "/operator/members/:handle": () => import("../pages/operator/MemberPage.svelte"),
  "/operator/runners": () => import("../pages/operator/Runners.svelte"),
  "/operator/jobs": () => import("../pages/operator/Jobs.svelte"),
  "/operator/rates": () => import("../pages/operator/Rates.svelte"),
  "/operator/payouts": () => import("../pages/operator/Payouts.svelte"),
  "/operator/campaigns": () => import("../pages/operator/Campaigns.svelte"),
  "/account": () => import("../pages/account/Account.svelte"),
  "*": NotFound,
});

/** Goes to an address of this site that is only known at run time. `stay`: where it was scrolled to. */
export function goTo(href: string, { replace = false, stay = false } = {}): Promise<unknown> {
  const { pathname, searchParams, hash } = new URL(href, location.origin);
  const search = Object.fromEntries(searchParams);
  const scroll = stay ? { scrollToTop: false } : {};
  return navigate(pathname as never, { search, hash, replace, ...scroll } as never);
}
