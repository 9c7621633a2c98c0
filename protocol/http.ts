/** The HTTP API's request and response bodies, one file per resource: schemas with their inferred types. */
export * from "./http-accounts.ts";
export * from "./http-campaigns.ts";
export * from "./http-common.ts";
export * from "./http-datasets.ts";
export * from "./http-functions.ts";
export * from "./http-jobs.ts";
export * from "./http-ledger.ts";
export * from "./http-live.ts";
export * from "./http-payments.ts";
export * from "./http-payouts.ts";
export * from "./http-pools.ts";
export * from "./http-runner-earnings.ts";
export * from "./http-runner-release.ts";
export * from "./http-runners.ts";
export * from "./http-try.ts";
export * from "./http-views.ts";
export * from "./quotas.ts";
