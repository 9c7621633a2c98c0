import type { Digest } from "../../../protocol/digest.ts";
import type { JobEvent } from "../../../protocol/events.ts";
import type { JobSpec, JobState, Output, Stage } from "../../../protocol/job.ts";
import type { Listeners } from "../listeners.ts";
import type {
  AdvanceOptions,
  CompleteOutcome,
  Completion,
  Earning,
  JobStore,
  Lease,
  LeaseRequest,
  Partition,
  RecalledTask,
  RoundAnswer,
} from "../port.ts";
import { type ActiveJob, earn, newFacts, stateOf } from "./active-job.ts";
import type { Journal } from "./journal.ts";
import type { Reader } from "./reader.ts";
import { Steer } from "./steer.ts";
import { endsStep, inForce, paused, roundsToSettle, settled, stepReason } from "./steering.ts";
import { TaskBoard } from "./task-board.ts";

/** The key under which listeners to any job are kept. */
const anyJob = "";
const largePerRead = 1000;
const jobsPerRead = 1000;

export interface EmbeddedJobsOptions {
  active: Map<string, ActiveJob>;
  reader: Reader;
  journal: Journal;
  listeners: Listeners;
  /** Appends events to a job that runs. */
  tell: (job: ActiveJob, events: readonly JobEvent[], nowMs: number) => void;
  /** Deletes an ended job's rows, and all that hangs on it soon. */
  removeJob: (job: number) => void;
  garbageMade: () => void;
  newToken: () => string;
}

/**
 * Jobs in memory, changed synchronously by each verb and written behind (see journal.ts). Ended jobs are on disk alone.
 * Every verb throws GridError store-unavailable, before it changes anything, when the disk takes no writes and the
 * journal is full.
 */
export class EmbeddedJobs implements JobStore {
  readonly #options: EmbeddedJobsOptions;
  readonly #active: Map<string, ActiveJob>;
  readonly #reader: Reader;
  readonly #journal: Journal;
  readonly #listeners: Listeners;
  readonly setStatus: JobStore["setStatus"];
  readonly pause: JobStore["pause"];
  readonly resume: JobStore["resume"];
  readonly changeParams: JobStore["changeParams"];
  #lastJob: number;

  constructor(options: EmbeddedJobsOptions) {
    this.#options = options;
    this.#active = options.active;
    this.#reader = options.reader;
    this.#journal = options.journal;
    this.#listeners = options.listeners;
    this.#lastJob = options.reader.lastJob();
    const { active, journal, garbageMade } = options;
    const steer = new Steer({ active, journal, garbageMade, changed: (id) => this.#changed(id) });
    this.setStatus = (...asked) => steer.setStatus(...asked);
    this.pause = (...asked) => steer.pause(...asked);
    this.resume = (...asked) => steer.resume(...asked);
    this.changeParams = (...asked) => steer.changeParams(...asked);
  }

  async create(spec: JobSpec, stage: Stage): Promise<"created" | "exists"> {
    if (this.#active.has(spec.id) || this.#reader.jobNumber(spec.id) !== undefined) return "exists";
    const job: ActiveJob = {
      job: ++this.#lastJob,
      spec,
      facts: newFacts(stage),
      board: new TaskBoard(stage.tasks),
      earned: new Map(),
      lastEvent: 0,
      stagesOnDisk: new Set(),
    };
    this.#journal.created(job);
    this.#active.set(spec.id, job);
    try {
      this.#journal.flush();
    } catch (error) {
      this.#active.delete(spec.id);
      this.#journal.forget(job);
      throw error;
    }
    this.#changed(spec.id);
    return "created";
  }

  async read(id: string): Promise<JobState | undefined> {
    const job = this.#active.get(id) ?? this.#reader.job(id);
    return job && stateOf(job.spec, job.facts);
  }

  async active(): Promise<string[]> {
    return [...this.#active.keys()];
  }

  async *list(): AsyncGenerator<string[]> {
    for (let after = 0; ; ) {
      // A job is written when it is made.
      const jobs = this.#reader.jobs(after, jobsPerRead);
      if (jobs.length > 0) yield jobs.map(({ id }) => id);
      if (jobs.length < jobsPerRead) return;
      after = jobs.at(-1)!.job;
    }
  }

  async lease(id: string, request: LeaseRequest): Promise<Lease[]> {
    const job = this.#active.get(id);
    if (job?.facts.status !== "queued" && job?.facts.status !== "running") return [];
    const { board } = job;
    const untouched = board.pending === board.tasks;
    const leases = board.lease(request, this.#options.newToken);
    if (leases.length === 0) return [];
    const rounds = untouched ? roundsToSettle(job.facts) : [];
    if (rounds.length > 0) this.#settle(job, rounds);
    const { stage, stepUntil, paramChanges } = job.facts;
    const changes = inForce(paramChanges);
    return leases.map((lease) => ({
      job: id,
      stage: stage.number,
      ...lease,
      ...(changes > 0 && { changes }),
      ...(rounds.length > 0 && { changed: rounds.length }),
      ...(stepUntil !== undefined && { stepUntil }),
    }));
  }

  /** Puts the next changes of parameters in force. */
  #settle(job: ActiveJob, rounds: readonly number[]): void {
    job.facts.paramChanges = settled(job.facts.paramChanges!, rounds);
    this.#journal.touched(job);
  }

  async complete(id: string, completions: readonly Completion[]): Promise<CompleteOutcome> {
    const job = this.#active.get(id);
    if (!job) return this.#allStale(id, completions);
    this.#journal.admit();
    const { board } = job;
    const stage = job.facts.stage.number;
    const redundant: string[] = [];
    const [doneBefore, pendingBefore] = [board.done, board.pending];
    const results = completions.map((completion) => {
      const result = board.complete(completion, redundant);
      if (result === "accepted") this.#accept(job, stage, completion);
      return result;
    });
    const outcome = this.#outcome(job, doneBefore, results, redundant);
    if (board.pending > pendingBefore) this.#changed(id);
    return outcome;
  }

  #accept(job: ActiveJob, stage: number, completion: Completion): void {
    const { lo, hi, outputs, earner, control } = completion;
    if (control) job.facts.control = control;
    this.#count(job, earner, addOutputs(job, outputs), hi - lo);
    this.#journal.answered(job, stage, lo, hi, outputs);
  }

  async recall(
    id: string,
    stage: number,
    tasks: readonly RecalledTask[],
  ): Promise<CompleteOutcome> {
    const job = this.#active.get(id);
    if (job?.facts.stage.number !== stage) return this.#allStale(id, tasks);
    this.#journal.admit();
    const { board, facts } = job;
    const doneBefore = board.done;
    const results = tasks.map(({ task, outputs, control }) => {
      if (!board.recall(task)) return "late";
      if (control) facts.control = control;
      const { tasks: count, fuel } = facts.remembered ?? { tasks: 0, fuel: 0 };
      facts.remembered = { tasks: count + 1, fuel: fuel + addOutputs(job, outputs) };
      this.#journal.answered(job, stage, task, task + 1, outputs);
      return "accepted";
    });
    return this.#outcome(job, doneBefore, results, []);
  }

  #outcome(
    job: ActiveJob,
    doneBefore: number,
    results: CompleteOutcome["results"],
    redundant: string[],
  ): CompleteOutcome {
    const { board, facts } = job;
    const { number: stage, tasks } = facts.stage;
    facts.done = board.done;
    if (board.done > doneBefore) {
      this.#journal.touched(job);
      this.#journal.settle();
    }
    const finished = board.done === tasks && doneBefore < tasks;
    const outcome = { results, redundant, stage, done: board.done, tasks, finished };
    if (!finished) return outcome;
    const { totals, control } = facts;
    return { ...outcome, summary: { ...totals }, ...(control && { control }) };
  }

  #count(job: ActiveJob, earner: string, fuel: number, tasks: number): void {
    job.facts.fuel += fuel;
    job.facts.tasksDone += tasks;
    earn(job, earner, fuel, tasks);
    this.#journal.earned(job, earner);
  }

  async earned(id: string): Promise<Earning[]> {
    const active = this.#active.get(id);
    const job = active?.job ?? this.#reader.jobNumber(id);
    if (job === undefined) return [];
    this.#journal.sync();
    return active
      ? Array.from(active.earned.values(), (one) => ({ ...one }))
      : this.#reader.earned(job);
  }

  #allStale(id: string, answers: readonly unknown[]): CompleteOutcome {
    const facts = (this.#active.get(id) ?? this.#reader.job(id))?.facts;
    return {
      results: answers.map(() => "stale"),
      redundant: [],
      stage: facts?.stage.number ?? -1,
      done: facts?.done ?? 0,
      tasks: facts?.stage.tasks ?? 0,
      finished: false,
    };
  }

  async release(
    id: string,
    tokens: readonly string[],
    { penalty, attemptsMax }: { penalty: boolean; attemptsMax: number },
  ): Promise<"released" | "exhausted"> {
    const job = this.#active.get(id);
    if (!job) return "released";
    const pendingBefore = job.board.pending;
    let attempts = 0;
    for (const token of tokens) attempts = Math.max(attempts, job.board.release(token, penalty));
    if (job.board.pending > pendingBefore) this.#changed(id);
    return penalty && attempts >= attemptsMax ? "exhausted" : "released";
  }

  async renew(id: string, tokens: readonly string[], deadlineMs: number): Promise<string[]> {
    const job = this.#active.get(id);
    return tokens.filter((token) => !job?.board.renew(token, deadlineMs));
  }

  async expire(
    id: string,
    nowMs: number,
    attemptsMax: number,
  ): Promise<{ requeued: number; exhausted: boolean }> {
    const job = this.#active.get(id);
    if (!job) return { requeued: 0, exhausted: false };
    const { requeued, attempts } = job.board.expire(nowMs);
    if (requeued > 0) this.#changed(id);
    return { requeued, exhausted: requeued > 0 && attempts >= attemptsMax };
  }

  async advance(
    id: string,
    from: number,
    next: Stage,
    { drop, metrics, told }: AdvanceOptions,
  ): Promise<"advanced" | "stepped" | "lost"> {
    const job = this.#active.get(id);
    if (!job || job.facts.stage.number !== from || job.board.done < job.board.tasks) return "lost";
    this.#journal.admit();
    const stepped = this.#setStage(job, next, metrics);
    job.board = new TaskBoard(next.tasks);
    if (told) this.#options.tell(job, told.events, told.nowMs);
    this.#drop(job, drop);
    this.#changed(id);
    return stepped ? "stepped" : "advanced";
  }

  async follow(
    id: string,
    token: string,
    from: number,
    next: Stage,
    { state, tasksDone, fuel, earner, drop, changedAt = [], metrics, events, nowMs }: RoundAnswer,
  ): Promise<"followed" | "changed" | "paused" | "stepped" | "lost"> {
    const job = this.#active.get(id);
    const { status, stage, stepUntil, paramChanges = [] } = job?.facts ?? {};
    if (!job || status === "queued" || stage?.number !== from) return "lost";
    if (!job.board.holdsAll(token)) return "lost";
    const last = next.entry === "map" ? next.round - 1 : next.round;
    if (stepUntil !== undefined && last > stepUntil) return "lost";
    const unused = paramChanges.length - inForce(paramChanges) - changedAt.length;
    if (unused < 0) return "lost";
    this.#journal.admit();
    this.#count(job, earner, fuel, tasksDone);
    if (changedAt.length > 0) this.#settle(job, changedAt);
    const stepped = this.#setStage(job, next, metrics);
    const keeps = next.entry === "map" && !stepped;
    if (keeps) job.board.renewAll(token, nowMs);
    else job.board = new TaskBoard(next.tasks);
    this.#journal.answered(job, next.state!, 0, 1, [state]);
    if (events) this.#options.tell(job, events, nowMs);
    this.#drop(job, drop);
    if (!keeps) this.#changed(id);
    if (stepped) return "stepped";
    if (status === "paused") return "paused";
    return unused > 0 ? "changed" : "followed";
  }

  /** Returns whether the job paused, having done its step. */
  #setStage(job: ActiveJob, next: Stage, metrics: JobState["metrics"]): boolean {
    const { facts } = job;
    const stepped = endsStep(facts, next);
    facts.stage = next;
    facts.done = 0;
    delete facts.control;
    facts.totals = { outputs: 0, bytes: 0, fuel: 0 };
    if (metrics) facts.metrics = metrics;
    if (stepped) job.facts = paused(facts, "consumer", stepReason) ?? facts;
    return stepped;
  }

  #drop(job: ActiveJob, drop: readonly number[]): void {
    for (const stage of drop) this.#journal.dropped(job, stage);
    this.#journal.touched(job);
    this.#journal.settle();
    if (drop.length > 0) this.#options.garbageMade();
  }

  async partition(id: string): Promise<Partition | undefined> {
    const job = this.#active.get(id);
    return job && { stage: job.facts.stage, done: job.board.done, ...job.board.partition() };
  }

  async outputs(
    id: string,
    stage: number,
    {
      level,
      from = 0,
      to = Number.MAX_SAFE_INTEGER,
    }: { level?: number; from?: number; to?: number } = {},
  ): Promise<Output[]> {
    const active = this.#active.get(id);
    const number = active?.job ?? this.#reader.jobNumber(id);
    if (number === undefined) return [];
    const unwritten = (active ? this.#journal.unwrittenOutputs(active, stage) : []).filter(
      (output) =>
        (level === undefined || output.level === level) &&
        output.index >= from &&
        output.index < to,
    );
    if (active && !active.stagesOnDisk.has(stage)) return unwritten.sort(byLevelAndIndex);
    const written = this.#reader.outputs(number, stage, level, from, to);
    if (unwritten.length === 0) return written;
    return [...written, ...unwritten].sort(byLevelAndIndex);
  }

  async remove(id: string): Promise<void> {
    if (this.#active.has(id)) return;
    const job = this.#reader.jobNumber(id);
    if (job === undefined) return;
    this.#options.removeJob(job);
    this.#options.garbageMade();
  }

  async *largeOutputs(): AsyncGenerator<Digest[]> {
    // What is unwritten first: it may be written while the disk is read, before or after the place that is read then.
    yield this.#journal.unwrittenLarge();
    for (let after: Digest | "" = ""; ; ) {
      const digests: Digest[] = this.#reader.large(after, largePerRead);
      if (digests.length > 0) yield digests;
      if (digests.length < largePerRead) return;
      after = digests.at(-1)!;
    }
  }

  watch(listener: (id: string) => void): () => void {
    return this.#listeners.add(anyJob, listener);
  }

  #changed(id: string): void {
    this.#listeners.notify(anyJob, id);
  }
}

/** Counts outputs in the stage's totals. Returns their fuel. */
function addOutputs({ facts: { totals } }: ActiveJob, outputs: readonly Output[]): number {
  let fuelSum = 0;
  for (const { fuel, bytes } of outputs) {
    fuelSum += fuel;
    totals.bytes += bytes;
  }
  totals.outputs += outputs.length;
  totals.fuel += fuelSum;
  return fuelSum;
}

function byLevelAndIndex(a: Output, b: Output): number {
  return a.level - b.level || a.index - b.index;
}
