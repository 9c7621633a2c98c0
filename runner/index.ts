import { availableParallelism, hostname, totalmem } from "node:os";
import { GridError } from "../protocol/errors.ts";
import { createExecutorPool } from "../sandbox/index.ts";
import type { ExecutorOptions } from "../sandbox/options.ts";
import { BlobClient } from "./blob-client.ts";
import { GatewayClient } from "./gateway-client.ts";
import { readIdentity } from "./identity.ts";
import { LoadMeter } from "./load.ts";
import { type RunnerLog, silentLog } from "./log.ts";
import { Supervisor } from "./supervisor.ts";

export interface RunnerOptions {
  /** The gateway's HTTP address. */
  url: string;
  token: string;
  /** Shown to people. Default: the host's name. */
  name?: string;
  /** Executors that work at once. Default: cores - 1, at least 1. */
  slots?: number;
  /** Work only for jobs that pay this multiple of the rate, or more. Default: 1. */
  ask?: number;
  /** Memory that the machine lends. Default: half of what it has. */
  memoryMb?: number;
  /** Keeps the installation's id. Without it the runner is a new one each time. */
  dataDir?: string;
  version?: string;
  log?: RunnerLog;
  /** Raw blobs kept in this process. Default: 256 MB, and at most an eighth of memoryMb. */
  cacheBytesMax?: number;
  /** Raw shards resident in one executor. Default: 256 MB, and at most a quarter of memoryMb over all slots. */
  residentBytesMax?: number;
  executor?: ExecutorOptions;
}

export interface Runner {
  readonly id: string;
  /**
   * Resolves with the first session.
   * @throws GridError unauthorized, not-found, bad-request when the gateway will not have this runner;
   *   shutting-down when it was closed before
   */
  readonly ready: Promise<void>;
  /** Resolves when the runner is closed, whoever did it. */
  readonly ended: Promise<void>;
  /** Why the gateway will not have this runner (any more); it is closed then. */
  readonly refusal: GridError | undefined;
  readonly connected: boolean;
  /** Leases held now. */
  readonly leases: number;
  /** Ids of all executor processes. */
  pids(): number[];
  /** Finishes or hands back what it holds, at most `drainMs` (default 10 s), then ends every process. Idempotent. */
  close(options?: { drainMs?: number }): Promise<void>;
}

const drainMsDefault = 10_000;
const loadEveryMs = 5_000;

/** "v8-14.6.202.33-x64": results of two runners of one class are the same bit for bit. */
export function hostClass(): string {
  return `v8-${process.versions.v8.replace(/-node.*/, "")}-${process.arch}`;
}

/** Starts a runner in this process; its executors are child processes. It keeps trying until the gateway answers. */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const log = options.log ?? silentLog;
  const url = options.url.replace(/\/+$/, "");
  const slots = options.slots ?? Math.max(1, availableParallelism() - 1);
  const memoryMb = options.memoryMb ?? Math.floor(totalmem() / (2 * 1024 * 1024));
  const memoryBytes = memoryMb * 1024 * 1024;
  const mb256 = 256 * 1024 * 1024;
  const id = await readIdentity(options.dataDir, Date.now());

  const pool = createExecutorPool({ ...options.executor, slots });
  const blobs = new BlobClient({
    url,
    cacheBytesMax: options.cacheBytesMax ?? Math.min(mb256, Math.floor(memoryBytes / 8)),
  });
  const meter = new LoadMeter(() => pool.pids());
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  // Whoever does not wait for it must not be ended by it.
  ready.promise.catch(() => {});
  let draining = false;
  let refusal: GridError | undefined;

  const supervisor = new Supervisor({
    pool,
    blobs,
    log,
    residentBytesMax:
      options.residentBytesMax ?? Math.min(mb256, Math.floor(memoryBytes / (4 * slots))),
    send: (message, payloads) => client.send(message, payloads),
    congested: () => client.congested,
  });

  const client = new GatewayClient({
    url,
    token: options.token,
    hello: {
      runner: id,
      name: (options.name ?? hostname()).slice(0, 100),
      version: options.version ?? "0.0.0",
      hostClass: hostClass(),
      slots,
      ...(options.ask !== undefined && { ask: options.ask }),
      memoryMb,
      platform: `${process.platform}-${process.arch}`,
    },
    onWelcome(welcome) {
      log.info({ url, session: welcome.session, slots }, "connected");
      supervisor.welcome(welcome);
      ready.resolve();
    },
    onMessage(message, payloads) {
      if (message.type === "drain") void drainForGateway();
      else supervisor.message(message, payloads);
    },
    onLost(reason) {
      if (!draining) log.warn({ url, reason }, "disconnected");
      supervisor.lost();
    },
    onDrained: () => supervisor.pump(),
    onRefused(error) {
      log.error({ url, code: error.code }, error.message);
      refusal = error;
      ready.reject(error);
      void close({ drainMs: 0 });
    },
    onRetry(error, waitMs) {
      log.debug({ url, waitMs: Math.round(waitMs) }, `not connected: ${error.message}`);
    },
  });

  /** The gateway is going away or wants its work elsewhere; this runner will come back to whoever answers. */
  async function drainForGateway(): Promise<void> {
    await supervisor.drain(drainMsDefault);
    await client.flushed(1_000);
    log.info({ url }, "drained");
    client.disconnect("drained");
  }

  const loadTimer = setInterval(() => {
    if (!client.connected) return;
    void meter.sample().then((load) => {
      client.send({ type: "load", ...load, busy: supervisor.busy });
    });
  }, loadEveryMs);

  let closing: Promise<void> | undefined;
  function close({ drainMs = drainMsDefault }: { drainMs?: number } = {}): Promise<void> {
    closing ??= (async () => {
      draining = true;
      clearInterval(loadTimer);
      if (client.connected && drainMs > 0) {
        await supervisor.drain(drainMs);
        await client.flushed(1_000);
        log.info({ url }, "drained");
      }
      await client.close();
      supervisor.close();
      blobs.close();
      await pool.close();
      ready.reject(new GridError("shutting-down", "the runner was closed before it connected"));
      ended.resolve();
    })();
    return closing;
  }

  client.start();
  return {
    id,
    ready: ready.promise,
    ended: ended.promise,
    get refusal() {
      return refusal;
    },
    get connected() {
      return client.connected;
    },
    get leases() {
      return supervisor.leases;
    },
    pids: () => pool.pids(),
    close,
  };
}
