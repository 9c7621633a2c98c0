import type { Readable } from "node:stream";
import type { Digest } from "../../protocol/digest.ts";
import type { ErrorBody } from "../../protocol/errors.ts";
import type { JobEvent, NumberedEvent } from "../../protocol/events.ts";
import type {
  Control,
  JobSpec,
  JobState,
  JobStatus,
  Output,
  PauseCause,
  Stage,
  StageSummary,
} from "../../protocol/job.ts";
import type { MemoStore } from "./memo-port.ts";

export type { Memo, MemoStore } from "./memo-port.ts";

/**
 * The store: what jobs, gateways and datasets need to be shared and to survive. Two implementations, embedded and
 * redis, pass one conformance suite (tests/conformance). Every verb is one atomic transition; its comment lists every
 * outcome. Times are passed in (ms since the epoch), so that tests own the clock.
 *
 * How tasks are kept: a stage's tasks are numbered 0..tasks-1 and partitioned at all times into
 *   pending runs [lo, hi)  →  claims [front, hi), held by one lease or more  →  done (a count).
 * A lease answers its tasks in order, so a claim's front only moves forward, and 1,000,000 tasks cost a few intervals.
 * A backup lease shares the claim of the one it copies; whoever answers a task first wins, the other's answer is late.
 */
export interface Store {
  readonly blobs: BlobStore;
  readonly jobs: JobStore;
  readonly events: EventStore;
  readonly memos: MemoStore;
  /** "ok", or throws GridError store-unavailable. */
  ping(): Promise<"ok">;
  /** A secret shared by all processes of this store, made on first use (signs blob tokens). 32 bytes, hex. */
  secret(name: string): Promise<string>;
  /**
   * Notes that a process with its catalog uses this store now, and says which others did within the last
   * `rememberedMs` and when they were last seen. Older ones are forgotten. Empty where a store has one process only.
   */
  present(user: StoreUser, nowMs: number, rememberedMs: number): Promise<SeenUser[]>;
  close(): Promise<void>;
}

/** Who uses a store: a process, and the catalog (api/catalog) that says which blobs it needs. */
export interface StoreUser {
  catalog: string;
  process: string;
}

export interface SeenUser extends StoreUser {
  seenAtMs: number;
}

export interface BlobStore {
  /** Stores bytes under their digest. The same bytes again ("exists") make the blob new again for `removeIdle`. */
  put(digest: Digest, bytes: Uint8Array): Promise<"stored" | "exists">;
  /** The whole blob, or undefined when there is none. */
  get(digest: Digest): Promise<Buffer | undefined>;
  /** The blob as a stream, or undefined when there is none. */
  stream(digest: Digest): Promise<{ bytes: number; body: Readable } | undefined>;
  has(digest: Digest): Promise<boolean>;
  /** Missing digests are ignored. */
  remove(digests: readonly Digest[]): Promise<void>;
  /**
   * All blobs, in batches of no order. One that is put or removed meanwhile may be left out or named twice.
   * @throws GridError store-unavailable when it cannot be known that the list is whole
   */
  list(): AsyncIterable<Digest[]>;
  /**
   * Removes those of the blobs that were not put for `idleMs` (a store may count reading as putting, and rounds up to a
   * second), at most `idleMsMax`, and returns how many. Atomic with `put`: what a put answered for stays that long.
   */
  removeIdle(digests: readonly Digest[], idleMs: number): Promise<number>;
}

/** The longest time for `removeIdle`. */
export const idleMsMax = 24 * 3_600_000;

export interface Lease {
  job: string;
  stage: number;
  lo: number;
  hi: number;
  token: string;
  attempt: number;
  deadlineMs: number;
  /** True for a copy of a straggler. */
  backup: boolean;
  /** How many changes of parameters are in force for the stage; none when absent. */
  changes?: number;
  /** How many of them this very call put in force. */
  changed?: number;
  /** The job pauses after this round. */
  stepUntil?: number;
}

export interface LeaseRequest {
  /** Session id of the runner that will hold the leases. */
  holder: string;
  /** At most so many leases. */
  leases: number;
  /** At most so many tasks in each. */
  tasksMax: number;
  /** Runs of tasks to take first, when they are pending (locality); cut to what is pending. */
  prefer?: readonly (readonly [lo: number, hi: number])[];
  /** With prefer: take nothing else. */
  preferOnly?: boolean;
  leaseMs: number;
  nowMs: number;
  /** When nothing is pending: copy claims that are older than this (ms) and not held by `holder`, one copy a claim. */
  backupAfterMs?: number;
}

export interface Completion {
  token: string;
  lo: number;
  hi: number;
  /** Whole fuel each. */
  outputs: readonly Output[];
  /** Whose work it is (protocol/earner.ts). When it is accepted, its fuel and tasks are counted for them. */
  earner: string;
  /** Kept with the stage when it is accepted, so that whoever advances the job goes by it. */
  control?: Control;
}

/** What the accepted work of one earner for one job comes to, from the job's beginning on. */
export interface Earning {
  earner: string;
  fuel: number;
  tasks: number;
}

export interface CompleteOutcome {
  /**
   * - accepted: all of [lo, hi) was new and is done now
   * - late: some or all of it had been answered by a copy; nothing changed (the rest stays claimed by the copy)
   * - stale: no such lease (expired, released, cancelled, other stage); nothing changed
   */
  results: ("accepted" | "late" | "stale")[];
  /** Tokens of other leases whose claim is now wholly done: their holders may stop. */
  redundant: string[];
  /** The state after this call. `finished`: this very call made the stage's last task done. */
  stage: number;
  done: number;
  tasks: number;
  finished: boolean;
  /** With finished: totals over the stage's outputs. */
  summary?: StageSummary;
  /** With finished: what accepted answers said to go by. */
  control?: Control;
}

/** A task whose outputs are known without computing it. Large ones are blobs that were put. */
export interface RecalledTask {
  task: number;
  outputs: readonly Output[];
  control?: Control;
}

export interface RoundAnswer {
  /** Level 0, index 0. */
  state: Output;
  /** Tasks and fuel of all rounds that are answered here, and whose work they are. */
  tasksDone: number;
  fuel: number;
  earner: string;
  drop: readonly number[];
  /** For each change of parameters that these rounds were the first to use, in their order, the first that did. */
  changedAt?: readonly number[];
  metrics?: Record<string, number | null>;
  /** Appended in the same step. */
  events?: readonly JobEvent[];
  nowMs: number;
}

export interface AdvanceOptions {
  drop: readonly number[];
  metrics?: Record<string, number | null>;
  /** Events to append in the same step. */
  told?: { events: readonly JobEvent[]; nowMs: number };
}

/** Where the tasks of a stage stand. What is in no run of `pending` and no claim is done. In no order. */
export interface Partition {
  stage: Stage;
  done: number;
  /** Runs of tasks that wait, with the attempts that were lost under them. */
  pending: (readonly [lo: number, hi: number, attempts: number])[];
  claims: Claimed[];
}

/** Tasks [front, hi), held. */
export interface Claimed {
  front: number;
  hi: number;
  attempts: number;
  /** Session ids of those that hold it: two when one is a copy. */
  holders: string[];
}

export interface StatusChange {
  nowMs: number;
  error?: ErrorBody;
  resultStage?: number;
  drop?: readonly number[];
}

export interface JobStore {
  /** - created; - exists: a job with this id is there, nothing changed. Appends nothing to events. */
  create(spec: JobSpec, stage: Stage): Promise<"created" | "exists">;
  read(id: string): Promise<JobState | undefined>;
  /** Ids of jobs that have not ended. */
  active(): Promise<string[]>;
  /**
   * Ids of all jobs that are there, ended or not, in batches of no order, perhaps with repeats. One that is made or removed
   * meanwhile may be left out.
   * @throws GridError store-unavailable when it cannot be known that the list is whole
   */
  list(): AsyncIterable<string[]>;
  /**
   * Claims pending tasks of the current stage. Empty when there are none, or the job is not queued or running.
   *
   * The first lease of a stage that begins a round (init, or the map of an iterate) of which nothing is claimed or done
   * settles the round's parameters: all changes so far are in force from it on. Every task of the round, and whatever of
   * it is done again, uses these.
   */
  lease(id: string, request: LeaseRequest): Promise<Lease[]>;
  /** What is accepted is counted for its earner in the same step. */
  complete(id: string, completions: readonly Completion[]): Promise<CompleteOutcome>;
  /**
   * Takes remembered outputs for pending tasks of stage `stage`. Nobody earns by them: they count as `remembered`, and
   * for the stage like any others. Of each task, `results` says
   * - accepted: it was pending and is done now
   * - late: it is leased or done; nothing changed
   * - stale: the job is at another stage, or ended; nothing changed
   */
  recall(id: string, stage: number, tasks: readonly RecalledTask[]): Promise<CompleteOutcome>;
  /**
   * What was accepted, by earner, in no order: for each the fuel and tasks of all its accepted answers and rounds since
   * the job was made. These counts never go down, also when stages are dropped and after the job has ended, and all of
   * them come to the job's `fuel` and `tasksDone`. What was recalled nobody has earned. Counts beyond 2^53 are rounded. Empty for a job that is not there.
   *
   * What this answers is kept as well as the store keeps anything: embedded, it survives the death of the process and of
   * the machine; in Redis, as much as its configuration makes a write survive.
   * @throws GridError store-unavailable when it cannot be kept
   */
  earned(id: string): Promise<Earning[]>;
  /**
   * Gives leases back; what they had left is pending again (unless a copy holds the claim). With `penalty` an attempt
   * is counted; "exhausted" when some tasks have now used `attemptsMax` (the caller then ends the job).
   */
  release(
    id: string,
    tokens: readonly string[],
    options: { penalty: boolean; attemptsMax: number },
  ): Promise<"released" | "exhausted">;
  /** Extends leases. Returns the tokens that no longer exist. */
  renew(id: string, tokens: readonly string[], deadlineMs: number): Promise<string[]>;
  /** Requeues every lease whose deadline has passed, counting an attempt. */
  expire(
    id: string,
    nowMs: number,
    attemptsMax: number,
  ): Promise<{ requeued: number; exhausted: boolean }>;
  /**
   * Compare-and-set on the stage number, once all tasks of stage `from` are done: makes `next` the current stage and
   * drops the outputs of the stages in `drop`.
   * - advanced
   * - stepped: the same, and it is paused by its consumer now, since that was the last round of its step
   * - lost: the job is not at `from` any more, or it ended, or `from` is not finished
   */
  advance(
    id: string,
    from: number,
    next: Stage,
    options: AdvanceOptions,
  ): Promise<"advanced" | "stepped" | "lost">;
  /**
   * A lease that alone holds all tasks of the current stage, `from`, the map of an iterate, answers its round as a whole
   * and maybe further ones: `answer.state` becomes the output of stage `next.state`, `next` the current stage, and the
   * outputs of the stages in `drop` go. When `next` is a map the lease holds all of its tasks; else it ends, and they
   * are pending.
   * - followed
   * - changed: the same, and there are changes of parameters that the lease's holder has not used yet
   * - paused: the same, but the job is paused: the lease's holder should be asked to hand it back
   * - stepped: the same, but the lease ended and the job is paused by its consumer, since that was the last round of its
   *   step
   * - lost: no such lease, it is shared or has answered some tasks, or the job is not at `from`, not begun or ended, or
   *   these are more rounds than its step has, or they used changes that there are not
   */
  follow(
    id: string,
    token: string,
    from: number,
    next: Stage,
    answer: RoundAnswer,
  ): Promise<"followed" | "changed" | "paused" | "stepped" | "lost">;
  /**
   * Makes a queued job running (first lease), or ends a job.
   * - changed; - already: it had ended, or it is to run and was not queued (nothing changed)
   */
  setStatus(
    id: string,
    status: Exclude<JobStatus, "queued" | "paused">,
    change: StatusChange,
  ): Promise<"changed" | "already">;
  /**
   * Pauses a job. A paused job is not leased; answers of leases that are out are accepted, and stages advance. Survives
   * the death of the process.
   * - paused
   * - held: it was paused by another, and now by this one too
   * - already: it is paused by this one, for this or another reason, or has ended (nothing changed)
   * @param reason for people
   */
  pause(
    id: string,
    by: PauseCause,
    pause: { reason: string },
  ): Promise<"paused" | "held" | "already">;
  /**
   * Ends what `pause` by the same began; the job runs when nobody else holds it up. With `rounds` for so many rounds
   * more, beginning with the present one, after which it pauses by its consumer again; on a job that does such a step, so
   * many more. Without, the step it does is none any more. Survives the death of the process.
   * - resumed: it runs
   * - held: another holds it up (with `rounds`, nothing changed)
   * - already: it has ended, or this one did not hold it up (nothing changed)
   */
  resume(
    id: string,
    by: PauseCause,
    resume: { nowMs: number; rounds?: number },
  ): Promise<"resumed" | "held" | "already">;
  /**
   * Adds a change of parameters, which is in force from the next round on that is settled (see `lease`) or told by a
   * lease that follows the job. Survives the death of the process.
   * - changed; - ended: the job has, or there is none; - full: it has `changesMax` of them (nothing changed)
   */
  changeParams(
    id: string,
    params: JobSpec["params"],
    options: { nowMs: number; changesMax: number },
  ): Promise<"changed" | "ended" | "full">;
  /** Where the tasks of its current stage stand; undefined for a job that is not there or has ended. */
  partition(id: string): Promise<Partition | undefined>;
  /** Outputs of a stage, ordered by (level, index). `level` selects one; index in [from, to) selects a slice of it. */
  outputs(
    id: string,
    stage: number,
    select?: { level?: number; from?: number; to?: number },
  ): Promise<Output[]>;
  /** Forgets an ended job: its state, outputs, events and what was earned by it. Its large outputs stay as blobs. */
  remove(id: string): Promise<void>;
  /**
   * Digests of the large outputs (those that are blobs) of all jobs, in batches, with repeats. What jobs had when this
   * began and still have when it ends is in it; what was dropped may be.
   * @throws GridError store-unavailable when it cannot be known that the list is whole
   */
  largeOutputs(): AsyncIterable<Digest[]>;
  /**
   * Calls back whenever a job was created, advanced, requeued tasks or changed status, in this process or another:
   * there may be work, or work to stop. May call back without a change. Returns a function that ends it.
   */
  watch(listener: (id: string) => void): () => void;
}

export interface EventStore {
  /** Numbers and keeps events; returns the last number. Keeps at most `eventsKeptMax` of a job. */
  append(id: string, events: readonly JobEvent[], nowMs: number): Promise<number>;
  /** Events after number `after`, oldest first. */
  read(id: string, after: number, limit: number): Promise<NumberedEvent[]>;
  /** Calls back when a job has new events (they are then read). Returns a function that ends it. */
  watch(id: string, listener: () => void): () => void;
}
