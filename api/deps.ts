import type { Logger } from "pino";
import type { WebSocket } from "ws";
import type { AccountsWiring } from "./accounts/wire.ts";
import type { CampaignsArea } from "./campaigns/index.ts";
import type { Catalog } from "./catalog/catalog.ts";
import type { DatasetRow } from "./catalog/datasets.ts";
import type { Config } from "./config.ts";
import type { ConsoleBuild } from "./console/build.ts";
import type { ServeConsole } from "./console/files.ts";
import type { Database } from "./database/open.ts";
import type { UploadSessions } from "./datasets/index.ts";
import type { Trials } from "./functions/index.ts";
import type { Bindings } from "./http/bindings.ts";
import type { BlobGate } from "./http/blob-gate.ts";
import type { FunctionNames } from "./http/function-names.ts";
import type { FunctionViews } from "./http/function-view.ts";
import type { JobReader } from "./http/job-reader.ts";
import type { LatestValues } from "./http/latest-values.ts";
import type { Metrics } from "./http/metrics.ts";
import type { PublicAddress } from "./http/public-address.ts";
import type { RecentCalls } from "./http/recent-calls.ts";
import type { LoopDelay } from "./http/server-status.ts";
import type { Submit } from "./http/submit.ts";
import type { Versions } from "./http/versions.ts";
import type { LedgerParts } from "./ledger/wire.ts";
import type { MachineRecords } from "./machines/records.ts";
import type { Payments } from "./payments/index.ts";
import type { PayoutsArea } from "./payouts/index.ts";
import type { PoolParts } from "./pools/index.ts";
import type { Compiler, DatasetIngest, Gateway, Jobs } from "./ports.ts";
import type { Quotas } from "./quotas/quotas.ts";
import type { RunnerPackage } from "./runners/package/runner-package.ts";
import type { Store } from "./store/port.ts";

/** A gateway that takes over the sockets of authorized runners. */
export interface SocketGateway extends Gateway {
  /**
   * @param owner the account whose machine it is
   * @param key the key it came with
   */
  accept(socket: WebSocket, owner: string, key?: string): void;
  /** Disconnects the runners of a key or an account that may not lend any more. What they hold is given back. */
  closeOwnedBy(owner: { key: string } | { account: string }): void;
}

/** What the routes work with. Wired once, in main.ts. */
export interface Deps extends Omit<AccountsWiring, "close">, LedgerParts {
  config: Config;
  /** The project's version. */
  version: string;
  address: PublicAddress;
  runnerPackage: RunnerPackage;
  store: Store;
  database: Database;
  catalog: Catalog;
  names: FunctionNames;
  views: FunctionViews;
  compiler: Compiler;
  trials: Trials;
  ingest: DatasetIngest;
  uploads: UploadSessions<DatasetRow>;
  jobs: Jobs;
  gateway: Gateway;
  machines: MachineRecords;
  versions: Versions;
  bindings: Bindings;
  gate: BlobGate;
  pools: PoolParts;
  quotas: Quotas;
  campaigns: CampaignsArea;
  payouts: PayoutsArea;
  payments: Payments;
  submit: Submit;
  latest: LatestValues;
  jobReader: JobReader;
  calls: RecentCalls;
  console: { serve: ServeConsole; build: ConsoleBuild };
  metrics: Metrics;
  loopDelay: LoopDelay;
  clock: () => number;
  log: Logger;
  /** Aborts when the server begins to stop: it is no longer ready, and streams without an end are ended. */
  stopping: AbortSignal;
}
