import type { WebSocket } from "ws";
import type { ErrorBody } from "../../protocol/errors.ts";
import type { JobStatus } from "../../protocol/job.ts";
import { heartbeatMs, leaseMs as leaseMsDefault } from "../../protocol/limits.ts";
import type { JobViews } from "../jobs/job-view.ts";
import { Progress } from "../jobs/progress.ts";
import { Steering } from "../jobs/steering.ts";
import type { Memory } from "../memo/index.ts";
import type {
  BlobGrant,
  CallRequest,
  CallResult,
  Gateway,
  JobWorker,
  RunnerInfo,
} from "../ports.ts";
import type { Store } from "../store/port.ts";
import { BlobAccess } from "./blob-access.ts";
import { BlobTokens } from "./blob-token.ts";
import { Calls } from "./calls.ts";
import { Connections } from "./connections.ts";
import type { CutOff } from "./cut-off.ts";
import { Dispatcher } from "./dispatcher.ts";
import { FollowedRounds } from "./followed-rounds.ts";
import { type GatewayHooks, hooksOf } from "./hooks.ts";
import { LeaseAnswers } from "./lease-answers.ts";
import { LeaseSizing } from "./lease-sizing.ts";
import { mayWorkOf } from "./may-work.ts";
import { stageRecallOf } from "./recall-gate.ts";
import { RemoteStatus } from "./remote-status.ts";
import type { RunnerSession } from "./session.ts";
import {
  haveRoom,
  jobsAtWork,
  runnersOf,
  runnersOn,
  stopJob,
  tasksUnderWay,
  workersOn,
} from "./sessions.ts";
import { SilenceWatch } from "./silence-watch.ts";

/** How often idle room is offered to jobs with stragglers, and missed wake-ups are made good. */
const tickMs = 200;

export interface GatewayDeps extends Partial<GatewayHooks> {
  store: Store;
  views: JobViews;
  clock: () => number;
  /** Maps a guest's error to the author's source. */
  explain: (bundle: string, error: ErrorBody) => Promise<ErrorBody>;
  log: { info(fields: object, text: string): void; warn(fields: object, text: string): void };
  leaseMs?: number;
  /** Results that are remembered beyond their job; absent where none are. */
  memory?: Memory | undefined;
}

/**
 * The part of the API that runners connect to. It holds no state that the store does not have, but for what is on the
 * wire right now: a gateway that dies loses leases, which expire, and nothing else.
 */
export class RunnerGateway implements Gateway {
  readonly progress: Progress;
  readonly steering: Steering;
  readonly #deps: GatewayDeps;
  readonly #blobs: BlobAccess;
  readonly #sessions = new Map<string, RunnerSession>();
  readonly #calls: Calls;
  readonly #dispatcher: Dispatcher;
  readonly #sizing = new LeaseSizing();
  readonly #answers: LeaseAnswers;
  readonly #rounds: FollowedRounds;
  readonly #silence: SilenceWatch;
  readonly #connections: Connections;
  readonly #remote: RemoteStatus;
  readonly #hooks: GatewayHooks;
  readonly #tick: NodeJS.Timeout;
  readonly #unwatch: () => void;

  static async open(deps: GatewayDeps): Promise<RunnerGateway> {
    return new RunnerGateway(deps, await deps.store.secret("blob-tokens"));
  }

  private constructor(deps: GatewayDeps, secret: string) {
    this.#deps = deps;
    const { store, views, clock, explain } = deps;
    const tokens = new BlobTokens(secret);
    const sessions = () => this.#sessions.values();
    const bundle = (digest: string) => store.blobs.get(digest);
    this.#hooks = hooksOf(deps, (error) => this.#warn(error, "a listener of the gateway threw"));
    const { onStatus, onAccepted, onMeasured, onCall } = this.#hooks;
    const mayWork = mayWorkOf(this.#hooks.mayServe);
    this.#calls = new Calls({
      sessions,
      mayWork,
      tokens,
      clock,
      explain,
      bundle,
      onAnswered: (call) => {
        onMeasured({ ...call, owner: call.runnerOwner });
        onCall(call);
      },
    });
    this.#blobs = new BlobAccess({ tokens, sessions: this.#sessions, views, calls: this.#calls });
    this.steering = new Steering({
      store,
      clock,
      onStage: (job) => this.#dispatcher.wake(job),
      onPaused: (job) => this.#rounds.pause(sessions(), job),
      onStatus,
      onParams: (job) => void this.#quietly(() => this.#rounds.change(sessions(), job)),
    });
    const onStepped = (job: string) => this.steering.stepped(job);
    this.progress = new Progress({
      store,
      views,
      clock,
      runnersOn: (job) => runnersOn(sessions(), job),
      onStage: (job) => this.#dispatcher.wake(job),
      onStepped,
      onEnded: (job, status, error) => this.#onEnded(job, status, error),
    });
    this.#dispatcher = new Dispatcher({
      store,
      views,
      sessions: this.#sessions,
      mayWork,
      sizing: this.#sizing,
      tokens,
      clock,
      ...(deps.leaseMs === undefined ? {} : { leaseMs: deps.leaseMs }),
      recall: deps.memory && stageRecallOf(deps.memory, this.progress),
      onFirstLease: (view) => this.progress.started(view),
      onSettled: (view, changes) => this.progress.paramsSettled(view, changes),
      onBroken: async (job, error) => void (await this.progress.end(job, "failed", error.toBody())),
      onCopied: (lease) => {
        this.#silence.suspect(lease.job, lease.stage, lease.lo, lease.hi);
        void this.#quietly(() => this.progress.copied(lease));
      },
      onError: (error) => this.#warn(error, "dispatch failed"),
    });
    this.#answers = new LeaseAnswers({
      store,
      views,
      progress: this.progress,
      dispatcher: this.#dispatcher,
      sessions: this.#sessions,
      clock,
      leaseMs: this.#leaseMs,
      remember: deps.memory?.remember,
      onAccepted,
      onMeasured,
      explain,
      quietly: (work) => this.#quietly(work),
    });
    this.#rounds = new FollowedRounds({
      store,
      views,
      progress: this.progress,
      dispatcher: this.#dispatcher,
      clock,
      cancel: (tokens) => this.#answers.cancel(tokens),
      onAccepted,
      onMeasured,
      onStepped,
      quietly: (work) => this.#quietly(work),
    });
    this.#silence = new SilenceWatch({
      sessions: this.#sessions,
      clock,
      heartbeatMs: this.#heartbeatMs,
      tickMs,
      onTrusted: () => this.#dispatcher.wake(),
    });
    this.#remote = new RemoteStatus({
      store,
      clock,
      isAtWork: (job) => runnersOn(sessions(), job) > 0,
      onSeen: (job, state) => {
        if (state?.endedAtMs !== undefined || !state) this.#stop(job);
        else if (state.status === "paused") this.#rounds.pause(sessions(), job);
        else void this.#quietly(() => this.#rounds.change(sessions(), job));
      },
      quietly: (work) => this.#quietly(work),
    });
    this.#connections = new Connections({
      sessions: this.#sessions,
      calls: this.#calls,
      answers: this.#answers,
      rounds: this.#rounds,
      silence: this.#silence,
      hooks: this.#hooks,
      clock,
      leaseMs: this.#leaseMs,
      heartbeatMs: this.#heartbeatMs,
      onChanged: () => this.reconsider(),
      log: deps.log,
      warn: (error, text) => this.#warn(error, text),
      quietly: (work) => this.#quietly(work),
    });
    this.#unwatch = store.jobs.watch((job) => {
      this.#dispatcher.wake(job);
      this.#remote.changed(job);
    });
    this.#tick = setInterval(() => {
      this.#silence.tick();
      // Only jobs with work on the wire can have stragglers; the rest is woken by the store's watch.
      if (this.#sessions.size > 1 && haveRoom(sessions()))
        for (const job of jobsAtWork(sessions())) this.#dispatcher.wake(job);
    }, tickMs);
    this.#tick.unref();
  }

  /**
   * Takes over a runner's socket, already authorized.
   * @param account whose machine it is
   * @param key the key it came with
   */
  accept(socket: WebSocket, account: string, key?: string): void {
    this.#connections.accept(socket, { account, key });
  }

  /** Disconnects the runners of a key or an account that may not lend any more. What they hold is given back. */
  closeOwnedBy(owner: CutOff): void {
    this.#connections.closeOwnedBy(owner);
  }

  call(request: CallRequest): Promise<CallResult> {
    return this.#calls.call(request);
  }

  runners(): RunnerInfo[] {
    return [...this.#sessions.values()].map((session) => session.info());
  }

  lends(account: string): boolean {
    for (const { owner, paused } of this.#sessions.values())
      if (owner === account && !paused) return true;
    return false;
  }

  /** How many of an account's are connected, without `except`: one that comes back may still seem to be here. */
  runnersOf(account: string, except?: string): number {
    return runnersOf(this.#sessions.values(), account, except);
  }

  /** Tasks answered and accepted since the start. */
  get tasksDone(): number {
    return this.#answers.tasksDone + this.#rounds.tasksDone;
  }

  workersOn(job: string): JobWorker[] {
    return workersOn(this.#sessions.values(), job);
  }

  tasksUnderWay(job: string): number {
    return tasksUnderWay(this.#sessions.values(), job);
  }

  blobGrant(token: string): BlobGrant | undefined {
    return this.#blobs.grantOf(token);
  }

  /** There may be work: a job was submitted or tasks came back. */
  wake(job?: string): void {
    this.#dispatcher.wake(job);
  }

  /** Other runners may do other work than before: what waits is offered anew, and rounds are shared anew. */
  reconsider(): void {
    for (const session of this.#sessions.values()) session.limitToPools(this.#hooks.poolNamed);
    void this.#quietly(async () => {
      for (const job of await this.#deps.store.jobs.active()) this.#dispatcher.wake(job);
    });
    this.#calls.placeWaiting();
    this.#rounds.share(this.#sessions.values());
  }

  async close(): Promise<void> {
    clearInterval(this.#tick);
    this.#unwatch();
    this.#dispatcher.close();
    this.#calls.close();
    await this.#connections.close();
  }

  #onEnded(job: string, status: JobStatus, error?: ErrorBody): void {
    this.#stop(job);
    this.#hooks.onEnded(job, status, error);
  }

  #stop(job: string): void {
    this.#dispatcher.forget(job);
    this.#remote.forget(job);
    stopJob(this.#sessions.values(), job);
    this.#dispatcher.wake();
  }

  get #leaseMs(): number {
    return this.#deps.leaseMs ?? leaseMsDefault;
  }

  get #heartbeatMs(): number {
    return Math.min(heartbeatMs, this.#leaseMs / 3);
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
