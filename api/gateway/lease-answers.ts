import { digestOf } from "../../protocol/digest.ts";
import { type ErrorBody, GridError } from "../../protocol/errors.ts";
import type { Output } from "../../protocol/job.ts";
import { attemptsMax } from "../../protocol/limits.ts";
import type { RunnerToGateway } from "../../protocol/runner-to-gateway.ts";
import type { JobViews } from "../jobs/job-view.ts";
import { lostError, type Progress } from "../jobs/progress.ts";
import type { Remember } from "../memo/remember.ts";
import type { MeasuredWork } from "../ports.ts";
import type { Completion, Store } from "../store/port.ts";
import { checkOutputs } from "./check-outputs.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { HeldLease, RunnerSession } from "./session.ts";

type Result = Extract<RunnerToGateway, { type: "result" }>;
type Failed = Extract<RunnerToGateway, { type: "failed" }>;

/** Faults that a slow or small machine can cause as well as the function: tried once more elsewhere. */
const retriedFunctionFaults = new Set(["timeout", "out-of-memory"]);
const functionFaultAttemptsMax = 2;

export interface LeaseAnswersDeps {
  store: Store;
  views: JobViews;
  progress: Progress;
  dispatcher: Dispatcher;
  sessions: ReadonlyMap<string, RunnerSession>;
  clock: () => number;
  leaseMs: number;
  remember?: Remember | undefined;
  /** The store has taken work in, so somebody has earned something. */
  onAccepted: (job: string) => void;
  onMeasured: (measured: MeasuredWork) => void;
  explain: (bundle: string, error: ErrorBody) => Promise<ErrorBody>;
  /** Runs what nobody waits for; logs its failure. */
  quietly: (work: () => Promise<unknown>) => Promise<void>;
}

interface Answer extends Completion {
  /**
   * Its results may be remembered: those of its tasks that never asked how many shards there are. Undefined when the
   * outputs could not be checked.
   */
  anyCount: ReadonlySet<number> | undefined;
}

function anyCountOf({ outputs }: Result): ReadonlySet<number> {
  return new Set(outputs.flatMap(({ index, anyCount }) => (anyCount ? [index] : [])));
}

/** What runners say about the leases they hold, brought to the store: results, failures, returns, renewals. */
export class LeaseAnswers {
  readonly #deps: LeaseAnswersDeps;
  readonly #completions = new Map<string, Answer[]>();
  #tasksDone = 0;

  constructor(deps: LeaseAnswersDeps) {
    this.#deps = deps;
  }

  /** Tasks answered and accepted since the start. */
  get tasksDone(): number {
    return this.#tasksDone;
  }

  /** @throws GridError runner-fault when the result is not what the lease is for */
  onResult(session: RunnerSession, message: Result, payloads: Uint8Array[]): void {
    const lease = session.leases.get(message.lease);
    if (!lease) return; // cancelled or expired meanwhile
    if (message.lo !== lease.next || message.hi > lease.hi || message.hi <= message.lo) {
      throw new GridError("runner-fault", "A result is not the next of its lease.");
    }
    let nextPayload = 0;
    const outputs = message.outputs.map((output): Output => {
      const { level, index, bytes, hash, fuel } = output;
      const common = { level, index, bytes, hash, fuel, hostClass: session.hello.hostClass };
      if (!output.inline) {
        if (!session.hasStored(hash))
          throw new GridError("runner-fault", "An output was not stored by who names it.");
        return common;
      }
      const inline = payloads[nextPayload++];
      if (!inline || digestOf(inline) !== hash) {
        throw new GridError("runner-fault", "An output does not match its digest.");
      }
      return { ...common, inline };
    });
    const view = this.#deps.views.peek(lease.job);
    const isChecked = view?.stage.number === lease.stage;
    if (isChecked) checkOutputs(view, message.lo, message.hi, outputs);
    lease.next = message.hi;
    if (lease.next === lease.hi) {
      session.leases.delete(lease.token);
      this.#deps.dispatcher.observe(lease.job, this.#deps.clock() - lease.dispatchedAtMs);
    }
    session.tasksDone += message.hi - message.lo;
    this.#deps.dispatcher.measured(lease.job, lease.entry, message.lo, message.hi, message.ms);
    if (view) {
      const fuel = outputs.reduce((sum, output) => sum + output.fuel, 0);
      const { version } = view.spec;
      this.#deps.onMeasured({ version, owner: session.owner, fuel, ms: message.ms });
    }
    const { logs } = message;
    if (logs?.length) void this.#deps.quietly(() => this.#deps.progress.logged(lease.job, logs));
    const { lo, hi, control } = message;
    const answer = { token: lease.token, lo, hi, outputs, earner: session.earner };
    const anyCount = isChecked && view.spec.memo ? anyCountOf(message) : undefined;
    this.#complete(lease, { ...answer, ...(control && { control }), anyCount });
  }

  /** Completions of one job that arrive in one turn of the event loop go to the store in one call. */
  #complete(lease: HeldLease, completion: Answer): void {
    const waiting = this.#completions.get(lease.job);
    if (waiting) {
      waiting.push(completion);
      return;
    }
    this.#completions.set(lease.job, [completion]);
    queueMicrotask(() => void this.#deps.quietly(() => this.#flushCompletions(lease.job)));
  }

  async #flushCompletions(job: string): Promise<void> {
    const list = this.#completions.get(job)!;
    this.#completions.delete(job);
    const { store, views, remember } = this.#deps;
    const outcome = await store.jobs.complete(job, list);
    const accepted = list.filter((_, i) => outcome.results[i] === "accepted");
    for (const { lo, hi } of accepted) this.#tasksDone += hi - lo;
    if (accepted.length > 0) this.#deps.onAccepted(job);
    if (outcome.redundant.length > 0) this.cancel(outcome.redundant);
    const view = await views.get(job, outcome.stage);
    if (view?.stage.number === outcome.stage)
      for (const answer of accepted)
        if (answer.anyCount) remember?.accepted(view, answer, answer.anyCount);
    if (view) await this.#deps.progress.completed(view, accepted, outcome);
    this.#deps.dispatcher.wake();
  }

  async onFailed(session: RunnerSession, message: Failed): Promise<void> {
    const lease = session.leases.get(message.lease);
    if (!lease) return;
    session.leases.delete(lease.token);
    const error = GridError.fromBody(message.error);
    if (error.fault === "runner") session.faults++;
    const { store, views } = this.#deps;
    const retried = error.fault !== "function" || retriedFunctionFaults.has(error.code);
    if (!retried) {
      await this.#failJob(lease.job, message.error);
      return;
    }
    const limit = error.fault === "function" ? functionFaultAttemptsMax : attemptsMax;
    const options = { penalty: true, attemptsMax: limit };
    const outcome = await store.jobs.release(lease.job, [lease.token], options);
    await this.taskEvent(lease, outcome === "exhausted" ? "failed" : "retried", error.message);
    if (outcome === "exhausted") {
      await this.#failJob(
        lease.job,
        error.fault === "function" ? message.error : lostError(limit, error.message),
      );
    } else if (await views.get(lease.job)) this.#deps.dispatcher.wake(lease.job);
  }

  async #failJob(job: string, error: ErrorBody): Promise<void> {
    const view = await this.#deps.views.get(job);
    const explained = view ? await this.#deps.explain(view.spec.bundle, error) : error;
    await this.#deps.progress.end(job, "failed", explained);
  }

  /** Leases that end unanswered. With a penalty they count as an attempt. */
  async giveBack(
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
      else this.#deps.dispatcher.wake(job);
    }
  }

  /** Leases of work that the runner may not do any more go back instead. */
  async renew(session: RunnerSession, tokens: readonly string[]): Promise<void> {
    const { store, views, dispatcher, clock, leaseMs } = this.#deps;
    for (const [job, leases] of this.#byJob(session, tokens)) {
      const view = views.peek(job);
      if (view && !dispatcher.serves(view, session)) {
        const held = leases.map(({ token }) => token);
        session.send({ type: "cancel", leases: held });
        await this.giveBack(session, held, false);
        continue;
      }
      const gone = await store.jobs.renew(
        job,
        leases.map(({ token }) => token),
        clock() + leaseMs,
      );
      if (gone.length > 0) this.cancel(gone);
    }
  }

  cancel(tokens: readonly string[]): void {
    for (const session of this.#deps.sessions.values()) {
      const held = tokens.filter((token) => session.leases.delete(token));
      if (held.length > 0) session.send({ type: "cancel", leases: held });
    }
  }

  #byJob(session: RunnerSession, tokens: readonly string[]): Map<string, HeldLease[]> {
    const held = tokens.flatMap((token) => session.leases.get(token) ?? []);
    return Map.groupBy(held, (lease) => lease.job);
  }

  async taskEvent(lease: HeldLease, state: "retried" | "failed", reason: string): Promise<void> {
    const { stage, next: lo, hi } = lease;
    const event = { type: "task", stage, lo, hi, state, reason } as const;
    await this.#deps.store.events.append(lease.job, [event], this.#deps.clock());
  }
}
