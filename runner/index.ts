import { hostname } from "node:os";
import { GridError } from "../protocol/errors.ts";
import type { Paused } from "../protocol/runner-offer.ts";
import { createExecutorPool } from "../sandbox/index.ts";
import type { ExecutorOptions } from "../sandbox/options.ts";
import type { Activity } from "./activity.ts";
import { BlobClient } from "./blob-client.ts";
import { GatewayClient } from "./gateway-client.ts";
import { readIdentity } from "./identity.ts";
import { Lending } from "./lending.ts";
import { LoadMeter } from "./load.ts";
import { type RunnerLog, silentLog } from "./log.ts";
import { MemoryGuard } from "./memory-guard.ts";
import { NetworkMeter } from "./network-meter.ts";
import { Samples } from "./samples.ts";
import { Supervisor } from "./supervisor.ts";
import { cachedBytes, defaultTerms, residentBytes, type Terms } from "./terms.ts";

export interface RunnerOptions extends Partial<Terms> {
  /** The gateway's HTTP address. */
  url: string;
  token: string;
  /** Shown to people. Default: the host's name. */
  name?: string;
  /** It does no work to begin with. */
  paused?: Paused | undefined;
  /** Keeps the installation's id. Without it the runner is a new one each time. */
  dataDir?: string;
  version?: string;
  log?: RunnerLog;
  /** Raw blobs kept in this process. Default: 256 MB, and at most an eighth of memoryMb. */
  cacheBytesMax?: number;
  /** Raw shards resident in one executor. Default: 256 MB, and at most a quarter of memoryMb over all slots. */
  residentBytesMax?: number;
  executor?: ExecutorOptions;
  /** What its connections carry is added up there. */
  network?: NetworkMeter;
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
  /** Since when it is, or is not. */
  readonly connectedSinceMs: number;
  /** Leases held now. */
  readonly leases: number;
  readonly terms: Terms;
  readonly paused: Paused | undefined;
  readonly samples: Samples;
  /** Until when there is too little memory for what it would get. */
  readonly memoryShortUntilMs: number | undefined;
  /** What it is at. */
  activity(): Activity;
  /** Lends something else from now on; the gateway hears of it at once. */
  adapt(terms: Terms): void;
  /** Finishes or hands back what it holds, and takes nothing more until `resume`. */
  pause(paused: Paused): void;
  resume(): void;
  /** Ids of all executor processes. */
  pids(): number[];
  /** Finishes or hands back what it holds, at most `drainMs` (default 10 s), then ends every process. Idempotent. */
  close(options?: { drainMs?: number }): Promise<void>;
}

const drainMsDefault = 10_000;

/** "v8-14.6.202.33-x64": results of two runners of one class are the same bit for bit. */
export function hostClass(): string {
  return `v8-${process.versions.v8.replace(/-node.*/, "")}-${process.arch}`;
}

/** Starts a runner in this process; its executors are child processes. It keeps trying until the gateway answers. */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const log = options.log ?? silentLog;
  const network = options.network ?? new NetworkMeter();
  const url = options.url.replace(/\/+$/, "");
  const id = await readIdentity(options.dataDir, Date.now());
  const fallback = defaultTerms();
  const { slots = fallback.slots, cpuPercent = 100, memoryMb = fallback.memoryMb } = options;
  const { ask, pools } = options;

  const pool = createExecutorPool({ ...options.executor, slots });
  const lending: Lending = new Lending({
    terms: { slots, cpuPercent, memoryMb, ask, pools },
    paused: options.paused,
    send: (message) => client.send(message),
    reconnect: () => void drainForGateway(),
  });
  const onSocket = network.add.bind(network);
  const blobs = new BlobClient({
    url,
    cacheBytesMax: options.cacheBytesMax ?? cachedBytes(lending.terms),
    onSocket,
  });
  const samples = new Samples(meterOf(() => pool.pids()));
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  // Whoever does not wait for it must not be ended by it.
  ready.promise.catch(() => {});
  let draining = false;
  let refusal: GridError | undefined;
  let connectedSinceMs = Date.now();

  const supervisor = new Supervisor({
    pool,
    blobs,
    log,
    residentBytesMax: () => options.residentBytesMax ?? residentBytes(lending.terms),
    share: () => lending.terms.cpuPercent / 100,
    send: (message, payloads) => client.send(message, payloads),
    congested: () => client.congested,
  });

  const client = new GatewayClient({
    url,
    token: options.token,
    onSocket,
    hello: () => ({
      runner: id,
      name: (options.name ?? hostname()).slice(0, 100),
      version: options.version ?? "0.0.0",
      hostClass: hostClass(),
      platform: `${process.platform}-${process.arch}`,
      ...lending.greets(),
    }),
    onWelcome(welcome) {
      const { slots } = lending.terms;
      connectedSinceMs = Date.now();
      log.info({ url, session: welcome.session, slots }, "connected");
      supervisor.welcome(welcome);
      if (lending.paused) void supervisor.drain(0);
      lending.welcomed(welcome.understands ?? []);
      ready.resolve();
    },
    onMessage(message, payloads) {
      if (message.type === "drain") void drainForGateway();
      else supervisor.message(message, payloads);
    },
    onLost(reason) {
      connectedSinceMs = Date.now();
      if (!draining) log.warn({ url, reason }, "disconnected");
      lending.lost();
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
    await drain(drainMsDefault);
    client.disconnect("drained");
  }

  async function drain(timeoutMs: number): Promise<void> {
    client.send({ type: "draining" });
    await supervisor.drain(timeoutMs);
    await client.flushed(1_000);
    log.info({ url }, "drained");
  }

  const guard = new MemoryGuard({ pool, supervisor, log, memoryMb: () => lending.terms.memoryMb });
  samples.on(({ cpu, rssMb }) => {
    if (client.connected) client.send({ type: "load", cpu, rssMb, busy: supervisor.busy });
  });
  client.start();

  let closing: Promise<void> | undefined;
  function close({ drainMs = drainMsDefault }: { drainMs?: number } = {}): Promise<void> {
    closing ??= (async () => {
      draining = true;
      samples.close();
      guard.close();
      if (client.connected && drainMs > 0) await drain(drainMs);
      await client.close();
      supervisor.close();
      blobs.close();
      await pool.close();
      ready.reject(new GridError("shutting-down", "the runner was closed before it connected"));
      ended.resolve();
    })();
    return closing;
  }

  return {
    id,
    ready: ready.promise,
    ended: ended.promise,
    samples,
    get refusal() {
      return refusal;
    },
    get connected() {
      return client.connected;
    },
    get connectedSinceMs() {
      return connectedSinceMs;
    },
    get leases() {
      return supervisor.leases;
    },
    get terms() {
      return lending.terms;
    },
    get paused() {
      return lending.paused;
    },
    get memoryShortUntilMs() {
      return guard.shortUntilMs;
    },
    activity: () => supervisor.activity(),
    adapt(terms) {
      const former = lending.terms;
      lending.terms = terms;
      if (options.cacheBytesMax === undefined && cachedBytes(terms) !== cachedBytes(former))
        blobs.resize(cachedBytes(terms));
      if (terms.slots !== former.slots) supervisor.resize(terms.slots);
      supervisor.pump();
      lending.tell();
    },
    pause(paused) {
      const working = lending.paused === undefined;
      lending.paused = paused;
      lending.tell();
      if (working) void supervisor.drain(drainMsDefault);
    },
    resume() {
      if (!lending.paused) return;
      lending.paused = undefined;
      supervisor.resume();
      lending.tell();
    },
    pids: () => pool.pids(),
    close,
  };
}

function meterOf(pids: () => number[]) {
  const meter = new LoadMeter(pids);
  return () => meter.sample();
}
