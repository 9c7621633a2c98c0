import { digestOf } from "../../protocol/digest.ts";
import { GridError } from "../../protocol/errors.ts";
import type { Output, Stage } from "../../protocol/job.ts";
import { attemptsMax } from "../../protocol/limits.ts";
import type { RunnerToGateway } from "../../protocol/runner-to-gateway.ts";
import type { JobView, JobViews } from "../jobs/job-view.ts";
import { advanceRound } from "../jobs/plan.ts";
import { type Progress, roundEvents } from "../jobs/progress.ts";
import type { MeasuredWork } from "../ports.ts";
import type { Store } from "../store/port.ts";
import { checkFuel } from "./check-fuel.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { HeldLease, RunnerSession } from "./session.ts";
import { tellParams } from "./tell-params.ts";

/**
 * A lease of a paused job may go on for so long after its holder was asked to hand it back: several times what a round
 * takes that is followed at all.
 */
const yieldMs = 5_000;

type RoundMessage = Extract<RunnerToGateway, { type: "round" }>;

export interface FollowedRoundsDeps {
  store: Store;
  views: JobViews;
  progress: Progress;
  dispatcher: Dispatcher;
  clock: () => number;
  /** The lease is no more: tells its holder. */
  cancel: (tokens: readonly string[]) => void;
  /** The store has taken work in, so somebody has earned something. */
  onAccepted: (job: string) => void;
  onMeasured: (measured: MeasuredWork) => void;
  /** The job has paused, having done the rounds that it was to do. */
  onStepped: (job: string) => Promise<void>;
  quietly: (work: () => Promise<unknown>) => Promise<void>;
}

interface AnsweredRound {
  message: RoundMessage;
  state: Output;
}

interface Waiting {
  rounds: AnsweredRound[];
  /** Resolves when all of them are in the store, or will never be. */
  stored: Promise<void>;
}

/**
 * Rounds that a runner does as a whole, with a lease that follows its job. The runner is ahead of the store by what is
 * on its way; rounds that came while the store was busy are taken in together, of which the last state alone is kept.
 */
export class FollowedRounds {
  readonly #deps: FollowedRoundsDeps;
  /** By lease: what came and is not in the store yet. */
  readonly #waiting = new Map<string, Waiting>();
  #tasksDone = 0;

  constructor(deps: FollowedRoundsDeps) {
    this.#deps = deps;
  }

  /** Tasks answered and accepted since the start. */
  get tasksDone(): number {
    return this.#tasksDone;
  }

  /**
   * @throws GridError runner-fault when it is not the lease's next round, or not the state that it names, or claims more
   *   fuel than it can have used
   */
  onRound(session: RunnerSession, message: RoundMessage, payloads: Uint8Array[]): void {
    const lease = session.leases.get(message.lease);
    if (!lease) return; // cancelled or expired meanwhile
    const { follows } = lease;
    if (message.round !== follows?.round)
      throw new GridError("runner-fault", "A round is not the next of its lease.");
    const { changes = 0 } = message;
    if (changes < lease.changes.said || changes > lease.changes.told)
      throw new GridError("runner-fault", "A round used parameters that it was not given.");
    lease.changes.said = changes;
    const { level: _, index: __, inline, ...output } = message.output;
    const state: Output = { level: 0, index: 0, ...output, hostClass: session.hello.hostClass };
    if (inline) {
      const bytes = payloads[0];
      if (!bytes || digestOf(bytes) !== state.hash || bytes.byteLength !== state.bytes)
        throw new GridError("runner-fault", "A state does not match its digest.");
      state.inline = bytes;
    } else if (!session.hasStored(state.hash))
      throw new GridError("runner-fault", "A state was not stored by who names it.");
    const spec = this.#deps.views.peek(lease.job)?.spec;
    // Each task with a merge, and the step with those merges that its partials had left.
    if (spec) checkFuel(spec.limits, 3 * lease.hi + 1, message.fuel + state.fuel);
    follows.round++;
    if (message.control?.done === true || message.round >= follows.roundsMax) delete lease.follows;
    session.tasksDone += lease.hi + 1;
    this.#deps.dispatcher.measured(lease.job, "map", 0, lease.hi, message.ms);
    const { fuel, ms } = message;
    if (spec) this.#deps.onMeasured({ version: spec.version, owner: session.owner, fuel, ms });
    const { logs } = message;
    if (logs?.length) void this.#deps.quietly(() => this.#deps.progress.logged(lease.job, logs));
    const waiting = this.#waiting.get(lease.token);
    if (waiting) {
      waiting.rounds.push({ message, state });
      return;
    }
    const rounds = [{ message, state }];
    // Rounds that share a frame are taken in together.
    const takeIn = () => this.#deps.quietly(() => this.#takeIn(session, lease, rounds));
    this.#waiting.set(lease.token, { rounds, stored: Promise.resolve().then(takeIn) });
  }

  /** Resolves once the rounds that came are in the store: what ends a lease comes after what it answered. */
  async settled(tokens: Iterable<string>): Promise<void> {
    await Promise.all([...tokens].map((token) => this.#waiting.get(token)?.stored));
  }

  /** A runner came: rounds that others do as a whole may be better shared with it. */
  share(sessions: Iterable<RunnerSession>): void {
    for (const session of sessions) {
      const leases: string[] = [];
      for (const { token, job, follows } of session.leases.values()) {
        const view = follows && this.#deps.views.peek(job);
        if (view && !this.#deps.dispatcher.follows(view, session)) leases.push(token);
      }
      if (leases.length > 0) session.send({ type: "yield", leases });
    }
  }

  /** The job's parameters were changed: those who follow it use them from the next round on that they begin. */
  async change(sessions: Iterable<RunnerSession>, job: string): Promise<void> {
    const view = await this.#deps.views.refresh(job);
    if (!view) return;
    for (const session of sessions)
      for (const lease of session.leases.values())
        if (lease.job === job) tellParams(session, lease, view);
  }

  /** The job was paused: those who follow it end with the round under way. */
  pause(sessions: Iterable<RunnerSession>, job: string): void {
    for (const session of sessions)
      for (const lease of session.leases.values())
        if (lease.job === job) this.#askBack(session, lease);
  }

  /** Asks once. Returns false when that was too long ago: whoever was asked does not heed it. */
  #askBack(session: RunnerSession, { token, follows }: HeldLease): boolean {
    if (!follows) return true;
    const nowMs = this.#deps.clock();
    if (follows.yieldingSinceMs !== undefined) return nowMs - follows.yieldingSinceMs <= yieldMs;
    follows.yieldingSinceMs = nowMs;
    session.send({ type: "yield", leases: [token] });
    return true;
  }

  async #takeIn(session: RunnerSession, lease: HeldLease, waiting: AnsweredRound[]): Promise<void> {
    try {
      while (waiting.length > 0) {
        if (!(await this.#store(session, lease, waiting.splice(0)))) return;
      }
    } catch (error) {
      // These rounds are not in the store, or nobody knows: those that come after them would not fit.
      await this.#lost(session, lease);
      throw error;
    } finally {
      this.#waiting.delete(lease.token);
    }
  }

  async #store(
    session: RunnerSession,
    lease: HeldLease,
    rounds: readonly AnsweredRound[],
  ): Promise<boolean> {
    const { store, views, progress, dispatcher, clock } = this.#deps;
    const view = await views.get(lease.job, lease.stage);
    if (view?.stage.number !== lease.stage) {
      await this.#lost(session, lease);
      return false;
    }
    const drop = [view.stage.state!];
    let next: Stage = view.stage;
    for (const { message } of rounds)
      next = advanceRound(view.spec, view.shards, next, message.control).next;
    const last = rounds.at(-1)!;
    const fuels = rounds.map(({ message, state }) => message.fuel + state.fuel);
    const tasksDone = (view.stage.tasks + 1) * rounds.length;
    const metrics = last.message.control?.metrics;
    const before = lease.changes.stored;
    const changedAt = changedRounds(rounds, before);
    const done = rounds.map(({ message: { round, control, elapsedMs } }, i) => {
      const changes = view.changes.filter((_, at) => changedAt[at - before] === round);
      return { round, control, elapsedMs, fuel: fuels[i]!, changes };
    });
    const outcome = await store.jobs.follow(lease.job, lease.token, lease.stage, next, {
      state: last.state,
      tasksDone,
      fuel: fuels.reduce((sum, fuel) => sum + fuel, 0),
      earner: session.earner,
      drop,
      changedAt,
      events: roundEvents(done),
      nowMs: clock(),
      ...(metrics ? { metrics } : {}),
    });
    if (outcome === "lost") {
      await this.#lost(session, lease);
      return false;
    }
    this.#tasksDone += tasksDone;
    this.#deps.onAccepted(lease.job);
    const keeps = next.entry === "map" && outcome !== "stepped";
    if (keeps) lease.stage = next.number;
    else session.leases.delete(lease.token);
    lease.changes.stored += changedAt.length;
    progress.followed(view, next, done);
    if (outcome === "stepped") await this.#stepped(session, lease);
    if (!keeps) return false;
    if (outcome === "changed") await this.#tellParams(session, lease, view);
    const goesOn = outcome !== "paused" && dispatcher.serves(view, session);
    if (goesOn || this.#askBack(session, lease)) return true;
    await this.#lost(session, lease);
    return false;
  }

  /** Its holder may not know that this was the last round: a step may be asked for while it is at work. */
  async #stepped(session: RunnerSession, { token, job }: HeldLease): Promise<void> {
    session.send({ type: "cancel", leases: [token] });
    await this.#deps.onStepped(job);
  }

  /** There are parameters that it has not used: maybe of another process, and unknown here. */
  async #tellParams(session: RunnerSession, lease: HeldLease, view: JobView): Promise<void> {
    if (view.changes.length <= lease.changes.told) await this.#deps.views.refresh(lease.job);
    tellParams(session, lease, view);
  }

  /** The job went on without it or ended, or it goes on with one that is paused: what it holds goes back, and nothing more is taken from it. */
  async #lost(session: RunnerSession, lease: HeldLease): Promise<void> {
    const { store, dispatcher } = this.#deps;
    if (session.leases.has(lease.token)) this.#deps.cancel([lease.token]);
    await store.jobs.release(lease.job, [lease.token], { penalty: false, attemptsMax });
    dispatcher.wake(lease.job);
  }
}

/** For each change of parameters that these rounds were the first to use, the first that did. */
function changedRounds(rounds: readonly AnsweredRound[], before: number): number[] {
  const changedAt: number[] = [];
  for (const { message } of rounds)
    while (before + changedAt.length < (message.changes ?? 0)) changedAt.push(message.round);
  return changedAt;
}
