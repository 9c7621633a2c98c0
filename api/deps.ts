import type { Logger } from "pino";
import type { WebSocket } from "ws";
import type { Authenticator } from "./accounts/principal.ts";
import type { Catalog } from "./catalog/catalog.ts";
import type { Config } from "./config.ts";
import type { Database } from "./database/open.ts";
import type { Bindings } from "./http/bindings.ts";
import type { BlobGate } from "./http/blob-gate.ts";
import type { JobReader } from "./http/job-reader.ts";
import type { Metrics } from "./http/metrics.ts";
import type { RecentCalls } from "./http/recent-calls.ts";
import type { Submit } from "./http/submit.ts";
import type { Versions } from "./http/versions.ts";
import type { PoolParts } from "./pools/index.ts";
import type { Compiler, DatasetIngest, Gateway, Jobs } from "./ports.ts";
import type { Store } from "./store/port.ts";

/** A gateway that takes over the sockets of authorized runners. */
export interface SocketGateway extends Gateway {
  /** @param owner the account whose machine it is */
  accept(socket: WebSocket, owner: string): void;
}

/** What the routes work with. Wired once, in main.ts. */
export interface Deps {
  config: Config;
  /** The project's version. */
  version: string;
  authenticator: Authenticator;
  store: Store;
  database: Database;
  catalog: Catalog;
  compiler: Compiler;
  ingest: DatasetIngest;
  jobs: Jobs;
  gateway: Gateway;
  versions: Versions;
  bindings: Bindings;
  gate: BlobGate;
  pools: PoolParts;
  submit: Submit;
  jobReader: JobReader;
  calls: RecentCalls;
  metrics: Metrics;
  clock: () => number;
  log: Logger;
  /** Aborts when the server begins to stop: it is no longer ready, and streams without an end are ended. */
  stopping: AbortSignal;
}
