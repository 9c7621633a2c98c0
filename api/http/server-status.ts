import { statfs } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { ServerStatus } from "../../protocol/http-status.ts";
import { creditsOf } from "../../protocol/money.ts";
import type { Deps } from "../deps.ts";
import { pingStore } from "./ping-store.ts";

const pingMsMax = 2_000;
const windowMs = 5_000;

/** The event loop's delay over the last whole window: a peak is seen by whoever asks soon after, and then forgotten. */
export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: 20 });
  readonly #timer: NodeJS.Timeout;
  #p99Ms = 0;

  constructor() {
    this.#histogram.enable();
    this.#timer = setInterval(() => {
      this.#p99Ms = this.#histogram.percentile(99) / 1e6;
      this.#histogram.reset();
    }, windowMs);
    this.#timer.unref();
  }

  get p99Ms(): number {
    return this.#p99Ms;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }
}

/** How the server does, for the operator's overview. */
export async function readServerStatus(deps: Deps): Promise<ServerStatus> {
  const { config, version, gateway, catalog, accounts, campaigns, payouts, ledgerCheck } = deps;
  const [store, disk] = await Promise.all([storeOf(deps), diskOf(config.dataDir)]);
  const runners = gateway.runners();
  const sum = (of: (runner: (typeof runners)[number]) => number) =>
    runners.reduce((total, runner) => total + of(runner), 0);
  const { rss, heapUsed } = process.memoryUsage();
  return {
    version,
    node: process.versions.node,
    startedAt: new Date(deps.clock() - process.uptime() * 1000).toISOString(),
    store,
    runners: {
      connected: runners.length,
      slots: sum(({ slots }) => slots),
      busy: sum(({ busy }) => busy),
    },
    jobs: { active: catalog.jobs.countActive() },
    memory: { residentBytes: rss, heapBytes: heapUsed },
    ...(disk === undefined ? {} : { disk }),
    eventLoop: { delayP99Ms: deps.loopDelay.p99Ms },
    accounts: accounts.counts(),
    campaigns: { running: campaigns.campaignRows.countIn("running") },
    payouts: { requested: payouts.payouts.countOpen() },
    ...(ledgerCheck.last === undefined ? {} : { ledger: ledgerCheck.last }),
    settings: {
      platformFeePercent: config.platformFeePercent,
      jobBudgetDefault: creditsOf(config.jobBudgetMicroDefault),
      signUpGrant: creditsOf(config.signUpGrantMicro),
      viewsPerDayMax: config.viewsPerDayMax,
      jobRetentionHours: config.jobRetentionHours,
    },
  };
}

async function storeOf({ store, config }: Deps): Promise<ServerStatus["store"]> {
  const kind = config.redisUrl === undefined ? "embedded" : "redis";
  const startedMs = performance.now();
  try {
    await pingStore(store, pingMsMax);
    return { kind, answers: true, pingMs: performance.now() - startedMs };
  } catch (error) {
    return { kind, answers: false, problem: error instanceof Error ? error.message : "unknown" };
  }
}

/** Undefined where the system does not tell. */
async function diskOf(folder: string): Promise<ServerStatus["disk"]> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return undefined;
  }
}
