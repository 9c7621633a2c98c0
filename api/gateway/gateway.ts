import type { RawData, WebSocket } from "ws";
import { digestOf } from "../../protocol/digest.ts";
import { type ErrorBody, GridError } from "../../protocol/errors.ts";
import { decodeFrame } from "../../protocol/frames.ts";
import { newId } from "../../protocol/ids.ts";
import type { Control, JobStatus, Output } from "../../protocol/job.ts";
import {
  attemptsMax,
  heartbeatMs,
  inlineBytesMax,
  leaseMs as leaseMsDefault,
  protocolVersion,
} from "../../protocol/limits.ts";
import { type RunnerToGateway, runnerToGatewaySchema } from "../../protocol/runner-to-gateway.ts";
import type { JobViews } from "../jobs/job-view.ts";
import { lostError, Progress } from "../jobs/progress.ts";
import type { CallRequest, CallResult, Gateway, RunnerInfo } from "../ports.ts";
import type { Completion, Store } from "../store/port.ts";
import { BlobTokens } from "./blob-token.ts";
import { Calls } from "./calls.ts";
import { Dispatcher } from "./dispatcher.ts";
import { LeaseSizing } from "./lease-sizing.ts";
import { type HeldLease, RunnerSession } from "./session.ts";

/** How often idle room is offered to jobs with stragglers, and missed wake-ups are made good. */
const tickMs = 200;
/** A remote cancellation is looked for at most so often a job. */
const statusCheckMs = 500;
/** A runner is cut off after this many heartbeats of silence, as it gives up a gateway; a lease lives longer. */
const silentHeartbeatsMax = 2.5;
/** A runner must say hello within this. */
const helloMs = 10_000;
/** Faults that a slow or small machine can cause as well as the function: tried once more elsewhere. */
const retriedFunctionFaults = new Set(["timeout", "out-of-memory"]);
const functionFaultAttemptsMax = 2;

export interface GatewayDeps {
  store: Store;
  views: JobViews;
  clock: () => number;
  /** Maps a guest's error to the author's source. */
  explain: (bundle: string, error: ErrorBody) => Promise<ErrorBody>;
  onEnded?: (job: string, status: JobStatus, error?: ErrorBody) => void;
  log: { info(fields: object, text: string): void; warn(fields: object, text: string): void };
  leaseMs?: number;
}

/**
 * The part of the API that runners connect to. It holds no state that the store does not have, but for what is on the
 * wire right now: a gateway that dies loses leases, which expire, and nothing else.
 */
export class RunnerGateway implements Gateway {
  readonly progress: Progress;
  readonly #deps: GatewayDeps;
  readonly #tokens: BlobTokens;
  readonly #sessions = new Map<string, RunnerSession>();
  readonly #calls: Calls;
  readonly #dispatcher: Dispatcher;
  readonly #sizing = new LeaseSizing();
  readonly #completions = new Map<string, PendingCompletions>();
  readonly #lastStatusCheckMs = new Map<string, number>();
  readonly #tick: NodeJS.Timeout;
  readonly #unwatch: () => void;
  #tasksDone = 0;
  #tickedAtMs = 0;

  static async open(deps: GatewayDeps): Promise<RunnerGateway> {
    return new RunnerGateway(deps, await deps.store.secret("blob-tokens"));
  }

  private constructor(deps: GatewayDeps, secret: string) {
    this.#deps = deps;
    const { store, views, clock, explain } = deps;
    this.#tokens = new BlobTokens(secret, clock);
    const sessions = () => this.#sessions.values();
    this.#calls = new Calls({ sessions, tokens: this.#tokens, clock, explain });
    this.progress = new Progress({
      store,
      views,
      clock,
      runnersOn: (job) => this.#runnersOn(job),
      onStage: (job) => this.#dispatcher.wake(job),
      onEnded: (job, status, error) => this.#onEnded(job, status, error),
    });
    this.#dispatcher = new Dispatcher({
      store,
      views,
      sessions: this.#sessions,
      sizing: this.#sizing,
      tokens: this.#tokens,
      clock,
      ...(deps.leaseMs === undefined ? {} : { leaseMs: deps.leaseMs }),
      onFirstLease: (view) => this.progress.started(view),
      onBroken: async (job, error) => {
        await this.progress.end(job, "failed", error.toBody());
      },
      onCopied: ({ job, stage, lo, hi }) => {
        this.#suspect(job, stage, lo, hi);
        const event = {
          type: "task",
          stage,
          lo,
          hi,
          state: "copied",
          reason: "straggler",
        } as const;
        void this.#quietly(() => store.events.append(job, [event], clock()));
      },
      onError: (error) => this.#warn(error, "dispatch failed"),
    });
    this.#unwatch = store.jobs.watch((job) => this.#onJobChanged(job));
    this.#tick = setInterval(() => {
      this.#cutOffSilent();
      this.#dispatchIdle();
    }, tickMs);
    this.#tick.unref();
  }

  /** Takes over a runner's socket, already authorized. */
  accept(socket: WebSocket): void {
    let session: RunnerSession | undefined;
    const greet = setTimeout(() => socket.close(4000, "no hello"), helloMs);
    const onMessage = (data: RawData) => {
      try {
        this.#heard(session);
        for (const { message, payloads } of decodeFrame(toBytes(data))) {
          const parsed = runnerToGatewaySchema.parse(message);
          if (session) this.#onMessage(session, parsed, payloads);
          else {
            clearTimeout(greet);
            session = this.#greet(socket, parsed);
            if (!session) return;
          }
        }
      } catch (error) {
        this.#warn(error, "a runner broke the protocol");
        socket.close(4002, "protocol error");
      }
    };
    socket.on("message", onMessage);
    socket.on("ping", () => this.#heard(session));
    socket.on("error", (error) => this.#warn(error, "runner socket"));
    socket.on("close", () => {
      clearTimeout(greet);
      if (session) void this.#quietly(() => this.#onClosed(session!));
    });
  }

  call(request: CallRequest): Promise<CallResult> {
    return this.#calls.call(request);
  }

  runners(): RunnerInfo[] {
    return [...this.#sessions.values()].map((session) => session.info());
  }

  /** Tasks answered and accepted since the start. */
  get tasksDone(): number {
    return this.#tasksDone;
  }

  verifyBlobToken(token: string): string | undefined {
    return this.#tokens.verify(token);
  }

  /** There may be work: a job was submitted or tasks came back. */
  wake(job?: string): void {
    this.#dispatcher.wake(job);
  }

  async close(): Promise<void> {
    clearInterval(this.#tick);
    this.#unwatch();
    this.#dispatcher.close();
    this.#calls.close();
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const session of sessions) {
      // Other gateways of the same store need not wait for these leases to expire.
      await this.#quietly(() => this.#giveBack(session, [...session.leases.keys()], false));
      session.close(1001, "server is shutting down");
    }
  }

  #greet(socket: WebSocket, message: RunnerToGateway): RunnerSession | undefined {
    if (message.type !== "hello") {
      socket.close(4002, "hello comes first");
      return undefined;
    }
    const { clock, log, leaseMs = leaseMsDefault } = this.#deps;
    const session = new RunnerSession(newId("session", clock()), message, socket, clock());
    if (message.protocol !== protocolVersion) {
      const text = `This server speaks protocol ${protocolVersion}, the runner ${message.protocol}. Update the older one.`;
      session.send({ type: "refused", code: "protocol-version", message: text });
      session.close(4001, "protocol version");
      return undefined;
    }
    this.#sessions.set(session.id, session);
    session.send({
      type: "welcome",
      session: session.id,
      runner: message.runner,
      leaseMs,
      heartbeatMs: this.#heartbeatMs,
      inlineBytesMax,
    });
    log.info(
      { runner: message.name, slots: message.slots, class: message.hostClass },
      "runner connected",
    );
    void this.#quietly(async () => {
      for (const job of await this.#deps.store.jobs.active()) this.#dispatcher.wake(job);
    });
    this.#calls.placeWaiting();
    return session;
  }

  #onMessage(session: RunnerSession, message: RunnerToGateway, payloads: Uint8Array[]): void {
    switch (message.type) {
      case "result":
        this.#onResult(session, message, payloads);
        break;
      case "failed":
        void this.#quietly(() => this.#onFailed(session, message));
        break;
      case "released":
        void this.#quietly(() => this.#giveBack(session, message.leases, false));
        break;
      case "renew":
        void this.#quietly(() => this.#renew(session, message.leases));
        break;
      case "called":
        this.#calls.onCalled(session, message, payloads[0] ?? new Uint8Array());
        break;
      case "callFailed":
        void this.#quietly(() => this.#calls.onCallFailed(session, message));
        break;
      case "load":
        session.cpu = message.cpu;
        session.rssMb = message.rssMb;
        break;
      case "draining":
        session.draining = true;
        break;
      case "hello":
        throw new GridError("runner-fault", "hello came twice");
    }
  }

  #onResult(
    session: RunnerSession,
    message: Extract<RunnerToGateway, { type: "result" }>,
    payloads: Uint8Array[],
  ): void {
    const lease = session.leases.get(message.lease);
    if (!lease) return; // cancelled or expired meanwhile
    if (message.lo !== lease.next || message.hi > lease.hi || message.hi <= message.lo) {
      throw new GridError("runner-fault", "A result is not the next of its lease.");
    }
    let nextPayload = 0;
    const outputs = message.outputs.map((output): Output => {
      const { level, index, bytes, hash, fuel } = output;
      const common = { level, index, bytes, hash, fuel, hostClass: session.hello.hostClass };
      if (!output.inline) return common;
      const inline = payloads[nextPayload++];
      if (!inline || digestOf(inline) !== hash) {
        throw new GridError("runner-fault", "An output does not match its digest.");
      }
      return { ...common, inline };
    });
    lease.next = message.hi;
    if (lease.next === lease.hi) {
      session.leases.delete(lease.token);
      this.#dispatcher.observe(lease.job, this.#deps.clock() - lease.dispatchedAtMs);
    }
    session.tasksDone += message.hi - message.lo;
    this.#dispatcher.measured(lease.job, lease.entry, message.lo, message.hi, message.ms);
    if (message.logs?.length) this.#logEvents(lease.job, message.logs);
    this.#complete(
      lease,
      { token: lease.token, lo: message.lo, hi: message.hi, outputs },
      message.control,
    );
  }

  /** Completions of one job that arrive in one turn of the event loop go to the store in one call. */
  #complete(lease: HeldLease, completion: Completion, control: Control | undefined): void {
    const waiting = this.#completions.get(lease.job);
    if (waiting) {
      waiting.list.push(completion);
      if (control) waiting.control = control;
      return;
    }
    this.#completions.set(lease.job, { list: [completion], control });
    queueMicrotask(() => void this.#quietly(() => this.#flushCompletions(lease.job)));
  }

  async #flushCompletions(job: string): Promise<void> {
    const { list, control } = this.#completions.get(job)!;
    this.#completions.delete(job);
    const { store, views } = this.#deps;
    const outcome = await store.jobs.complete(job, list);
    const accepted = list.filter((_, i) => outcome.results[i] === "accepted");
    for (const { lo, hi } of accepted) this.#tasksDone += hi - lo;
    if (outcome.redundant.length > 0) this.#cancelLeases(outcome.redundant);
    const view = await views.get(job, outcome.stage);
    if (view) await this.progress.completed(view, accepted, outcome, control);
    this.#dispatcher.wake();
  }

  async #onFailed(
    session: RunnerSession,
    message: Extract<RunnerToGateway, { type: "failed" }>,
  ): Promise<void> {
    const lease = session.leases.get(message.lease);
    if (!lease) return;
    session.leases.delete(lease.token);
    const error = GridError.fromBody(message.error);
    const { store, views } = this.#deps;
    const retried = error.fault !== "function" || retriedFunctionFaults.has(error.code);
    if (!retried) {
      await this.#failJob(lease.job, message.error);
      return;
    }
    const limit = error.fault === "function" ? functionFaultAttemptsMax : attemptsMax;
    const options = { penalty: true, attemptsMax: limit };
    const outcome = await store.jobs.release(lease.job, [lease.token], options);
    await this.#taskEvent(lease, outcome === "exhausted" ? "failed" : "retried", error.message);
    if (outcome === "exhausted") {
      await this.#failJob(
        lease.job,
        error.fault === "function" ? message.error : lostError(limit, error.message),
      );
    } else if (await views.get(lease.job)) this.#dispatcher.wake(lease.job);
  }

  async #failJob(job: string, error: ErrorBody): Promise<void> {
    const view = await this.#deps.views.get(job);
    const explained = view ? await this.#deps.explain(view.spec.bundle, error) : error;
    await this.progress.end(job, "failed", explained);
  }

  async #giveBack(
    session: RunnerSession,
    tokens: readonly string[],
    penalty: boolean,
  ): Promise<void> {
    for (const [job, leases] of this.#byJob(session, tokens)) {
      for (const lease of leases) session.leases.delete(lease.token);
      const outcome = await this.#deps.store.jobs.release(
        job,
        leases.map(({ token }) => token),
        { penalty, attemptsMax },
      );
      if (outcome === "exhausted") await this.#failJob(job, lostError(attemptsMax));
      else this.#dispatcher.wake(job);
    }
  }

  async #renew(session: RunnerSession, tokens: readonly string[]): Promise<void> {
    const { store, clock, leaseMs = leaseMsDefault } = this.#deps;
    for (const [job, leases] of this.#byJob(session, tokens)) {
      const gone = await store.jobs.renew(
        job,
        leases.map(({ token }) => token),
        clock() + leaseMs,
      );
      if (gone.length > 0) this.#cancelLeases(gone);
    }
  }

  async #onClosed(session: RunnerSession): Promise<void> {
    if (!this.#sessions.delete(session.id)) return;
    const { log } = this.#deps;
    const held = [...session.leases.values()];
    log.info({ runner: session.hello.name, leases: held.length }, "runner disconnected");
    this.#calls.onSessionClosed(session);
    for (const lease of held) await this.#taskEvent(lease, "retried", "its runner disconnected");
    await this.#giveBack(session, [...session.leases.keys()], true);
  }

  #onJobChanged(job: string): void {
    this.#dispatcher.wake(job);
    const nowMs = this.#deps.clock();
    if (nowMs - (this.#lastStatusCheckMs.get(job) ?? 0) < statusCheckMs) return;
    if (this.#runnersOn(job) === 0) return;
    this.#lastStatusCheckMs.set(job, nowMs);
    void this.#quietly(() => this.#stopIfEnded(job));
  }

  /** A job that another process ended: its runners here must stop. */
  async #stopIfEnded(job: string): Promise<void> {
    const state = await this.#deps.store.jobs.read(job);
    if (!state || state.endedAtMs !== undefined) this.#stop(job);
  }

  #onEnded(job: string, status: JobStatus, error?: ErrorBody): void {
    this.#stop(job);
    this.#deps.onEnded?.(job, status, error);
  }

  #stop(job: string): void {
    this.#dispatcher.forget(job);
    this.#lastStatusCheckMs.delete(job);
    for (const session of this.#sessions.values()) {
      const held = [...session.leases.values()].filter((lease) => lease.job === job);
      for (const lease of held) session.leases.delete(lease.token);
      if (held.length > 0) session.send({ type: "cancel", leases: held.map(({ token }) => token) });
      if (session.knownJobs.delete(job)) session.send({ type: "forget", job });
    }
    this.#dispatcher.wake();
  }

  #cancelLeases(tokens: readonly string[]): void {
    for (const session of this.#sessions.values()) {
      const held = tokens.filter((token) => session.leases.delete(token));
      if (held.length > 0) session.send({ type: "cancel", leases: held });
    }
  }

  #dispatchIdle(): void {
    if (!this.#hasRoom()) return;
    const jobs = new Set<string>();
    for (const session of this.#sessions.values()) {
      for (const lease of session.leases.values()) jobs.add(lease.job);
    }
    // Only jobs with work on the wire can have stragglers; the rest is woken by the store's watch.
    if (this.#sessions.size > 1) for (const job of jobs) this.#dispatcher.wake(job);
  }

  get #heartbeatMs(): number {
    const { leaseMs = leaseMsDefault } = this.#deps;
    return Math.min(heartbeatMs, leaseMs / 3);
  }

  #heard(session: RunnerSession | undefined): void {
    if (session?.heard(this.#deps.clock())) this.#dispatcher.wake();
  }

  /** A machine that vanished sends no FIN: without this it would be given every round's shards anew. */
  #cutOffSilent(): void {
    const nowMs = this.#deps.clock();
    // After a pause of this very process, what runners said meanwhile is still unread.
    if (nowMs - this.#tickedAtMs > tickMs * 5) {
      for (const session of this.#sessions.values()) session.heardAtMs = nowMs;
    }
    this.#tickedAtMs = nowMs;
    for (const session of this.#sessions.values()) {
      if (nowMs - session.heardAtMs > silentHeartbeatsMax * this.#heartbeatMs) session.cutOff();
    }
  }

  #suspect(job: string, stage: number, lo: number, hi: number): void {
    for (const session of this.#sessions.values()) {
      for (const lease of session.leases.values()) {
        const isCopied = lease.job === job && lease.stage === stage && !lease.backup;
        if (isCopied && lease.next < hi && lease.hi > lo) session.suspect = true;
      }
    }
  }

  #hasRoom(): boolean {
    for (const session of this.#sessions.values()) if (session.room > 0) return true;
    return false;
  }

  #byJob(session: RunnerSession, tokens: readonly string[]): Map<string, HeldLease[]> {
    const held = tokens.flatMap((token) => session.leases.get(token) ?? []);
    return Map.groupBy(held, (lease) => lease.job);
  }

  #runnersOn(job: string): number {
    let count = 0;
    for (const session of this.#sessions.values()) {
      for (const lease of session.leases.values()) {
        if (lease.job !== job) continue;
        count++;
        break;
      }
    }
    return count;
  }

  async #taskEvent(lease: HeldLease, state: "retried" | "failed", reason: string): Promise<void> {
    const { stage, next: lo, hi } = lease;
    const event = { type: "task", stage, lo, hi, state, reason } as const;
    await this.#deps.store.events.append(lease.job, [event], this.#deps.clock());
  }

  #logEvents(job: string, logs: { task: number; line: string }[]): void {
    const events = logs.map((log) => ({ type: "log", ...log }) as const);
    void this.#quietly(() => this.#deps.store.events.append(job, events, this.#deps.clock()));
  }

  #warn(error: unknown, text: string): void {
    this.#deps.log.warn({ error: error instanceof Error ? error.message : String(error) }, text);
  }

  /** Runs what nobody waits for; its failure is logged and made good by the sweep. */
  async #quietly(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#warn(error, "gateway");
    }
  }
}

interface PendingCompletions {
  list: Completion[];
  control: Control | undefined;
}

function toBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
