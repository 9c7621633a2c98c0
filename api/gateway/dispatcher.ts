import { GridError } from "../../protocol/errors.ts";
import type { Entry, ParamChange } from "../../protocol/job.ts";
import { attemptsMax, leaseMs as leaseMsDefault, leaseTasksMax } from "../../protocol/limits.ts";
import { type JobView, type JobViews, recordsOf } from "../jobs/job-view.ts";
import { shardCountOf } from "../jobs/plan.ts";
import { bidOf } from "../payments/asks.ts";
import type { Lease, LeaseRequest, Store } from "../store/port.ts";
import type { BlobTokens } from "./blob-token.ts";
import { type Crew, Crews, hasRoom } from "./crews.ts";
import { largestFirst } from "./largest-first.ts";
import type { LeaseSizing } from "./lease-sizing.ts";
import { mayFollow } from "./may-follow.ts";
import type { MayWork } from "./may-work.ts";
import { RecallGate, type StageRecall } from "./recall-gate.ts";
import { RoundPartitions } from "./round-partitions.ts";
import { fetchedInputs, runMessage, runnerJob } from "./run-message.ts";
import type { HeldLease, RunnerSession } from "./session.ts";
import { tellParams } from "./tell-params.ts";

/** A straggler is copied when it is this many times older than the median answered lease … */
const stragglerFactor = 1.5;
/** … and at least so old (ms), so that noise on tiny leases copies nothing … */
const stragglerAgeMs = 250;
/** … and this share of the stage is done. */
const stragglerDone = 0.75;
/** Lease durations kept per job for that median. */
const durationsKept = 32;

export interface DispatcherDeps {
  store: Store;
  views: JobViews;
  sessions: ReadonlyMap<string, RunnerSession>;
  mayWork: MayWork;
  sizing: LeaseSizing;
  tokens: BlobTokens;
  recall?: StageRecall | undefined;
  clock: () => number;
  leaseMs?: number;
  onFirstLease: (view: JobView) => Promise<void>;
  /** A round begins, the first with these changes of parameters. */
  onSettled: (view: JobView, changes: readonly ParamChange[]) => Promise<void>;
  /** A job's inputs cannot be read: it cannot go on. */
  onBroken: (job: string, error: GridError) => Promise<void>;
  onCopied: (lease: Lease) => void;
  onError: (error: unknown) => void;
}

/**
 * Hands work out: takes leases from the store for runners with room and sends them. One pump at a time; a wake during
 * a pump makes it go round again, so nothing is missed and nothing is queued.
 *
 * Jobs share the room fairly: they take turns, fewest held leases first and among equals the highest bid, each up to an equal share, until no room or
 * no work is left. A job gets the room of those runners alone that may work for it; when there is none such, it waits
 * until one connects, or may.
 */
export class Dispatcher {
  readonly #deps: DispatcherDeps;
  readonly #leaseMs: number;
  readonly #gate: RecallGate;
  /** Jobs that may have pending tasks. */
  readonly #ready = new Set<string>();
  readonly #partitions: RoundPartitions;
  readonly #durations = new Map<string, number[]>();
  #pumping = false;
  #again = false;
  #closed = false;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
    this.#partitions = new RoundPartitions(deps.sizing);
    this.#leaseMs = deps.leaseMs ?? leaseMsDefault;
    const { views, recall, onError } = deps;
    const onReady = (job: string) => void this.#ready.add(job);
    const wake = (job: string) => this.wake(job);
    this.#gate = new RecallGate({ views, recall, onReady, wake, onError });
  }

  wake(job?: string): void {
    if (this.#closed) return;
    if (job !== undefined) this.#gate.add(job);
    if (this.#pumping) {
      this.#again = true;
      return;
    }
    this.#pumping = true;
    void this.#pump();
  }

  /** Tasks [lo, hi) of a job took so long to compute. */
  measured(job: string, entry: Entry, lo: number, hi: number, ms: number): void {
    const view = this.#deps.views.peek(job);
    const records = view && entry === "map" ? recordsOf(view, lo, hi) : 0;
    this.#deps.sizing.observe(job, entry, records || hi - lo, ms);
  }

  forget(job: string): void {
    this.#gate.forget(job);
    this.#ready.delete(job);
    this.#partitions.forget(job);
    this.#durations.delete(job);
  }

  observe(job: string, leaseDurationMs: number): void {
    const durations = this.#durations.get(job) ?? [];
    this.#durations.set(job, durations);
    durations.push(leaseDurationMs);
    if (durations.length > durationsKept) durations.shift();
  }

  close(): void {
    this.#closed = true;
  }

  async #pump(): Promise<void> {
    try {
      do {
        this.#again = false;
        await this.#serveAll();
      } while (this.#again && !this.#closed);
    } catch (error) {
      this.#deps.onError(error);
    } finally {
      this.#pumping = false;
    }
  }

  async #serveAll(): Promise<void> {
    for (;;) {
      if (!this.#gate.isEmpty) await this.#gate.pass();
      const room = this.#room();
      if (this.#ready.size === 0 || room === 0) return;
      const crews = new Crews(this.#deps.sessions.values(), this.#deps.mayWork);
      // What a job pays decides its turn.
      const { views } = this.#deps;
      for (const job of this.#ready) if (!views.peek(job)) await views.get(job);
      const jobs = [...this.#ready].filter((job) => this.#mayGet(job, crews));
      if (jobs.length === 0) return;
      const held = this.#heldByJob();
      jobs.sort((a, b) => (held.get(a) ?? 0) - (held.get(b) ?? 0) || this.#bid(b) - this.#bid(a));
      const share = Math.ceil(room / jobs.length);
      let dispatched = 0;
      for (const job of jobs) dispatched += await this.#serve(job, share, crews);
      if (dispatched === 0) return;
    }
  }

  #bid(job: string): number {
    const view = this.#deps.views.peek(job);
    return view ? bidOf(view.spec) : 0;
  }

  /** Whether there is room for a job, as far as one knows without asking the store. */
  #mayGet(job: string, crews: Crews): boolean {
    const view = this.#deps.views.peek(job);
    if (!view) return true;
    const crew = crews.of(view.spec);
    if (crew.sessions.length === 0) this.#ready.delete(job);
    return hasRoom(crew);
  }

  /** Leases of one job for all sessions with room, up to a share. Returns how many were sent. */
  async #serve(job: string, share: number, crews: Crews): Promise<number> {
    const view = await this.#deps.views.get(job);
    if (!view) {
      this.#ready.delete(job);
      return 0;
    }
    if (this.#gate.isDue(view)) {
      this.#ready.delete(job);
      this.wake(job);
      return 0;
    }
    const { slots, sessions } = crews.of(view.spec);
    const crew = { slots, sessions: sessions.filter(({ room }) => room > 0) };
    const perSession = Math.ceil(share / Math.max(crew.sessions.length, 1));
    let sent = await this.#leaseWhole(view, crew);
    if (isRound(view) && crew.sessions.length > 1) {
      sent += await this.#lease(view, crew, perSession, true);
    }
    return sent + (await this.#lease(view, crew, perSession, false));
  }

  async #lease(
    view: JobView,
    crew: Crew,
    perSession: number,
    preferOnly: boolean,
  ): Promise<number> {
    const sent = await Promise.all(
      crew.sessions.map((session) => {
        const count = Math.min(session.room, perSession);
        return this.#leaseFor(view, session, { count, slots: crew.slots, preferOnly });
      }),
    );
    return sent.reduce((sum, count) => sum + count, 0);
  }

  /** A round to a runner that does it, and those after it, as a whole. */
  async #leaseWhole(view: JobView, { sessions, slots }: Crew): Promise<number> {
    const session = sessions.find((one) => this.#follows(view, one, slots));
    if (!session || view.done > 0) return 0;
    return this.#take(view, session, slots, {
      holder: session.id,
      leases: 1,
      tasksMax: view.stage.tasks,
      prefer: [[0, view.stage.tasks]],
      preferOnly: true,
      leaseMs: this.#leaseMs,
      nowMs: this.#deps.clock(),
    });
  }

  /** Whether this runner may go on with the job's work: one that is paused finishes what it holds, or hands it back. */
  serves({ spec }: JobView, session: RunnerSession): boolean {
    return session.paused !== undefined || this.#deps.mayWork(spec, session);
  }

  /** Whether this runner should do the job's rounds as a whole. */
  follows(view: JobView, session: RunnerSession): boolean {
    const { sessions, mayWork } = this.#deps;
    if (!mayWork(view.spec, session)) return false;
    return this.#follows(view, session, new Crews(sessions.values(), mayWork).of(view.spec).slots);
  }

  #follows(view: JobView, session: RunnerSession, slots: number): boolean {
    return mayFollow(view, session, { sizing: this.#deps.sizing, slots });
  }

  async #leaseFor(view: JobView, session: RunnerSession, wanted: Wanted): Promise<number> {
    if (wanted.count <= 0) return 0;
    const request = this.#request(view, session, wanted);
    if (request.leases === 0 || (wanted.preferOnly && request.prefer?.length === 0)) return 0;
    return this.#take(view, session, wanted.slots, request);
  }

  /** Leases and sends. Returns how many. */
  async #take(
    view: JobView,
    session: RunnerSession,
    slots: number,
    request: LeaseRequest,
  ): Promise<number> {
    const job = view.spec.id;
    const stageNumber = view.stage.number;
    const leases = await this.#deps.store.jobs.lease(job, request);
    const exhausted = leases.length < request.leases && !request.preferOnly;
    if (exhausted && view.stage.number === stageNumber) this.#ready.delete(job);
    if (leases.length === 0) return 0;
    let current: JobView | undefined = view;
    const { stage, changes = 0, changed = 0 } = leases[0]!;
    if (stage !== view.stage.number) current = await this.#deps.views.get(job, stage);
    if (current && current.changes.length < changes) current = await this.#deps.views.refresh(job);
    if (!current || current.stage.number !== stage || this.#gate.isDue(current)) {
      // The job moved on between lease and look: what was taken goes back, so that nobody waits for it to expire.
      const tokens = leases.map(({ token }) => token);
      await this.#deps.store.jobs.release(job, tokens, { penalty: false, attemptsMax });
      return 0;
    }
    if (current.startedAtMs === undefined) await this.#deps.onFirstLease(current);
    if (changed > 0)
      await this.#deps.onSettled(current, current.changes.slice(changes - changed, changes));
    for (const lease of leases) await this.#send(session, current, lease, slots);
    return leases.length;
  }

  #request(
    view: JobView,
    session: RunnerSession,
    { count, slots, preferOnly }: Wanted,
  ): LeaseRequest {
    const { stage, spec } = view;
    const { sizing, clock, sessions, mayWork } = this.#deps;
    const remaining = Math.max(stage.tasks - view.done, 1);
    const records = spec.input.type === "range" ? spec.input.count : spec.input.records;
    const recordsLeft = Math.max(records - view.recordsDone, remaining);
    const request: LeaseRequest = {
      holder: session.id,
      leases: count,
      tasksMax: sizing.tasksMax(spec.id, stage, remaining, slots, recordsLeft / remaining),
      leaseMs: this.#leaseMs,
      nowMs: clock(),
    };
    if (spec.kind !== "iterate") request.prefer = largestFirst(view);
    if (isRound(view)) {
      const isLive = (id: string) => {
        const other = sessions.get(id);
        return other !== undefined && mayWork(spec, other);
      };
      request.tasksMax = leaseTasksMax;
      request.prefer = this.#partitions.runsFor(view, session.id, {
        slots,
        isLive,
        ownOnly: preferOnly,
      });
      // A session that holds none may take one more than its share: it is faster than the others.
      const share = this.#partitions.shareOf(spec.id, session.slots) - held(session, spec.id);
      request.leases = Math.min(count, Math.max(share, held(session, spec.id) === 0 ? 1 : 0));
    }
    if (preferOnly) request.preferOnly = true;
    else if (view.done >= stage.tasks * stragglerDone && stage.tasks > 1) {
      request.backupAfterMs = this.#backupAfterMs(spec.id);
    }
    return request;
  }

  #backupAfterMs(job: string): number {
    const sorted = [...(this.#durations.get(job) ?? [])].sort((a, b) => a - b);
    const median = sorted[sorted.length >> 1] ?? 0;
    return Math.max(median * stragglerFactor, stragglerAgeMs);
  }

  async #send(session: RunnerSession, view: JobView, lease: Lease, slots: number): Promise<void> {
    const { spec, stage } = view;
    const { store, tokens, clock } = this.#deps;
    const { changes = 0 } = lease;
    const held: HeldLease = {
      token: lease.token,
      job: lease.job,
      stage: lease.stage,
      entry: stage.entry,
      next: lease.lo,
      hi: lease.hi,
      dispatchedAtMs: clock(),
      backup: lease.backup,
      changes: { told: changes, said: changes, stored: changes },
    };
    session.leases.set(lease.token, held);
    if (lease.backup) this.#deps.onCopied(lease);
    try {
      const { message, payloads } = await runMessage(store, view, lease);
      const fetched = fetchedInputs(message);
      if (fetched) held.inputs = fetched;
      if (!session.knownJobs.has(spec.id)) {
        session.knownJobs.add(spec.id);
        const shardCount = shardCountOf(spec, view.shards);
        const token = tokens.issue(session.id, spec.id);
        session.send({ type: "job", job: runnerJob(spec, shardCount, token) });
      }
      const whole = lease.lo === 0 && lease.hi === stage.tasks && !lease.backup;
      // A state that is a blob would be stored in every round all the same.
      if (whole && message.hasState && this.#follows(view, session, slots)) {
        const { roundsMax } = spec;
        const { stepUntil: until } = lease;
        message.follow = { roundsMax, ...(until === undefined ? {} : { until }) };
        held.follows = { round: stage.round, roundsMax };
      }
      session.send(message, payloads);
      tellParams(session, held, view);
    } catch (error) {
      session.leases.delete(lease.token);
      if (error instanceof GridError && error.code === "blob-missing") {
        await this.#deps.onBroken(spec.id, error);
      } else throw error;
    }
    if (isRound(view)) this.#partitions.took(spec.id, session.id, lease.lo);
  }

  #room(): number {
    let room = 0;
    for (const session of this.#deps.sessions.values()) room += session.room;
    return room;
  }

  #heldByJob(): Map<string, number> {
    const held = new Map<string, number>();
    for (const session of this.#deps.sessions.values()) {
      for (const lease of session.leases.values()) {
        held.set(lease.job, (held.get(lease.job) ?? 0) + 1);
      }
    }
    return held;
  }
}

/** What is asked of the store for one session. */
interface Wanted {
  /** Leases at most. */
  count: number;
  /** Of all runners that may work for the job. */
  slots: number;
  /** Nothing but what the session held before. */
  preferOnly: boolean;
}

/** The map stage of an iterative job. */
function isRound({ spec, stage }: JobView): boolean {
  return spec.kind === "iterate" && stage.entry === "map";
}

function held(session: RunnerSession, job: string): number {
  let count = 0;
  for (const lease of session.leases.values()) if (lease.job === job) count++;
  return count;
}
