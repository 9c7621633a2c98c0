import type { Digest } from "../../../protocol/digest.ts";
import type { JobSpec, JobState, JobStatus, Output, Stage } from "../../../protocol/job.ts";
import type { Listeners } from "../listeners.ts";
import type {
  CompleteOutcome,
  Completion,
  Earning,
  JobStore,
  Lease,
  LeaseRequest,
  RecalledTask,
  RoundAnswer,
  StatusChange,
} from "../port.ts";
import { type ActiveJob, earn, hasEnded, newFacts, stateOf } from "./active-job.ts";
import type { Journal } from "./journal.ts";
import type { Reader } from "./reader.ts";
import { TaskBoard } from "./task-board.ts";

/** The key under which listeners to any job are kept. */
const anyJob = "";
const largePerRead = 1000;

export interface EmbeddedJobsOptions {
  active: Map<string, ActiveJob>;
  reader: Reader;
  journal: Journal;
  listeners: Listeners;
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
  readonly #active: Map<string, ActiveJob>;
  readonly #reader: Reader;
  readonly #journal: Journal;
  readonly #listeners: Listeners;
  readonly #removeJob: (job: number) => void;
  readonly #garbageMade: () => void;
  readonly #newToken: () => string;
  #lastJob: number;

  constructor(options: EmbeddedJobsOptions) {
    this.#active = options.active;
    this.#reader = options.reader;
    this.#journal = options.journal;
    this.#listeners = options.listeners;
    this.#removeJob = options.removeJob;
    this.#garbageMade = options.garbageMade;
    this.#newToken = options.newToken;
    this.#lastJob = options.reader.lastJob();
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

  async lease(id: string, request: LeaseRequest): Promise<Lease[]> {
    const job = this.#active.get(id);
    if (job?.facts.status !== "queued" && job?.facts.status !== "running") return [];
    const stage = job.facts.stage.number;
    return job.board.lease(request, this.#newToken).map((lease) => ({ job: id, stage, ...lease }));
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
    { drop, metrics }: { drop: readonly number[]; metrics?: Record<string, number | null> },
  ): Promise<"advanced" | "lost"> {
    const job = this.#active.get(id);
    if (!job || job.facts.stage.number !== from || job.board.done < job.board.tasks) return "lost";
    this.#journal.admit();
    this.#setStage(job, next, metrics);
    job.board = new TaskBoard(next.tasks);
    this.#drop(job, drop);
    this.#changed(id);
    return "advanced";
  }

  async follow(
    id: string,
    token: string,
    from: number,
    next: Stage,
    { state, tasksDone, fuel, earner, drop, metrics, nowMs }: RoundAnswer,
  ): Promise<"followed" | "paused" | "lost"> {
    const job = this.#active.get(id);
    const { status, stage } = job?.facts ?? {};
    if (!job || status === "queued" || stage?.number !== from) return "lost";
    if (!job.board.holdsAll(token)) return "lost";
    this.#journal.admit();
    this.#count(job, earner, fuel, tasksDone);
    this.#setStage(job, next, metrics);
    const keeps = next.entry === "map";
    if (keeps) job.board.renewAll(token, nowMs);
    else job.board = new TaskBoard(next.tasks);
    this.#journal.answered(job, next.state!, 0, 1, [state]);
    this.#drop(job, drop);
    if (!keeps) this.#changed(id);
    return status === "paused" ? "paused" : "followed";
  }

  #setStage({ facts }: ActiveJob, next: Stage, metrics: JobState["metrics"]): void {
    facts.stage = next;
    facts.done = 0;
    delete facts.control;
    facts.totals = { outputs: 0, bytes: 0, fuel: 0 };
    if (metrics) facts.metrics = metrics;
  }

  #drop(job: ActiveJob, drop: readonly number[]): void {
    for (const stage of drop) this.#journal.dropped(job, stage);
    this.#journal.touched(job);
    this.#journal.settle();
    if (drop.length > 0) this.#garbageMade();
  }

  async setStatus(
    id: string,
    status: JobStatus,
    options: StatusChange,
  ): Promise<"changed" | "already"> {
    const job = this.#active.get(id);
    if (!job || job.facts.status === status) return "already";
    if (options.from && !options.from.includes(job.facts.status)) return "already";
    this.#journal.admit();
    const before = job.facts;
    const ended = hasEnded(status);
    const { pausedFor: _, ...rest } = before;
    job.facts = { ...rest, status };
    if (status === "paused" && options.reason !== undefined) job.facts.pausedFor = options.reason;
    if (status === "running") job.facts.startedAtMs ??= options.nowMs;
    if (ended) job.facts.endedAtMs = options.nowMs;
    if (options.error) job.facts.error = options.error;
    if (options.resultStage !== undefined) job.facts.resultStage = options.resultStage;
    const { drop = [] } = options;
    for (const stage of drop) this.#journal.dropped(job, stage);
    this.#journal.touched(job);
    if (ended) {
      try {
        this.#journal.flush();
      } catch (error) {
        job.facts = before;
        throw error;
      }
      this.#active.delete(id);
    }
    if (drop.length > 0) this.#garbageMade();
    this.#changed(id);
    return "changed";
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
    this.#removeJob(job);
    this.#garbageMade();
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
