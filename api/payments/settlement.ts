import { setTimeout as sleep } from "node:timers/promises";
import { endedStatuses, type JobState } from "../../protocol/job.ts";
import { creditsOf } from "../../protocol/money.ts";
import type { Earning, Store } from "../store/port.ts";
import { mayGoOn } from "./reserve.ts";
import type { PaymentRow } from "./rows.ts";
import { type Settled, type SettleJobOptions, settleJob } from "./settle-job.ts";
import { costOf, totalOf } from "./split.ts";

/** How often jobs are paid, unless there is a reason to do it at once. */
export interface Pace {
  /** So often one looks at what jobs have come to … */
  lookEveryMs: number;
  /** … and so often a job is paid, since that flushes two disks: earlier when it ends, or once half of its hold is used. */
  payEveryMs: number;
}
const usualPace: Pace = { lookEveryMs: 250, payEveryMs: 1_000 };
/** The end of a job is settled within so much, with those that end at about the same time. */
const endedWithinMs = 20;
/** Every so often open payments are looked at unasked: another process may have taken work in, or a word was missed. */
const sweepEveryMs = 5_000;
const sweepJobs = 200;
/** Jobs that share one transaction: it blocks what else the process does. */
const jobsTogether = 64;

export interface SettlementOptions extends SettleJobOptions {
  store: Store;
  transaction: <T>(work: () => T) => T;
  /** Tasks of a job that connected runners hold. */
  underWay: (job: string) => number;
  pause: (job: string, reason: string) => Promise<unknown>;
  resume: (job: string) => Promise<unknown>;
  /** Whether a job that the store does not know will never be known to it. */
  isLost: (job: string) => boolean;
  pace?: Pace;
  clock: () => number;
  log: { warn(fields: object, text: string): void };
}

interface Facts {
  job: string;
  state: JobState | undefined;
  earned: Earning[];
  ended: boolean;
}

/**
 * Brings the ledger up to what the store has counted, again and again. The store counts each piece of accepted work for
 * its earner, once and for ever; the ledger's side notes, in the transaction of the transfers, what fuel has been paid
 * for. So a process that dies between the two has done nothing, or all, and the next pass pays the difference.
 */
export class Settlement {
  readonly #options: SettlementOptions;
  readonly #pace: Pace;
  readonly #dirty = new Set<string>();
  /** Somebody waits for these to be settled. */
  readonly #awaited = new Set<string>();
  /** When a job is paid next, if nothing makes it urgent. */
  readonly #nextMs = new Map<string, number>();
  /** Of paused jobs: tasks that were under way when they were paused. */
  readonly #underWayAtPause = new Map<string, number>();
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;
  readonly #loop: Promise<void>;
  #sweepCursor = "";
  #soon: NodeJS.Timeout | undefined;

  constructor(options: SettlementOptions) {
    this.#options = options;
    this.#pace = options.pace ?? usualPace;
    this.#loop = this.#run();
  }

  /** The store has news of a job. */
  note(job: string): void {
    this.#dirty.add(job);
  }

  /** A job has ended: who waits for the end of its payment need not wait for the next pass. */
  ended(job: string): void {
    this.#dirty.add(job);
    if (this.#stopped.signal.aborted) return;
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      void this.#pass();
    }, endedWithinMs);
  }

  /** Settles a job now. Resolves once that is written. */
  async settle(job: string): Promise<void> {
    this.#dirty.add(job);
    this.#awaited.add(job);
    // A pass that is under way may have read the job before.
    await this.#running;
    while (this.#dirty.has(job) && this.#awaited.has(job)) await this.#pass();
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    clearTimeout(this.#soon);
    await this.#loop;
    await this.#pass();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    let sweptMs = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      const nowMs = performance.now();
      if (nowMs - sweptMs >= sweepEveryMs) {
        sweptMs = nowMs;
        this.#sweep();
      }
      await this.#pass();
      await sleep(this.#pace.lookEveryMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  #sweep(): void {
    const jobs = this.#options.rows.openJobs(this.#sweepCursor, sweepJobs);
    this.#sweepCursor = jobs.length < sweepJobs ? "" : jobs.at(-1)!;
    for (const job of jobs) this.#dirty.add(job);
  }

  /** One at a time; who comes during one waits for its end. */
  #pass(): Promise<void> {
    this.#running ??= this.#settleAll()
      .catch((error: unknown) => this.#options.log.warn({ err: error }, "settling failed"))
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #settleAll(): Promise<void> {
    const jobs = [...this.#dirty];
    this.#dirty.clear();
    for (let at = 0; at < jobs.length; at += jobsTogether) {
      const some = jobs.slice(at, at + jobsTogether);
      try {
        await this.#settleSome(some);
      } catch (error) {
        // Neither lost nor paid twice: the next sweep finds them.
        this.#options.log.warn({ err: error, jobs: some.length }, "settling failed");
      }
    }
  }

  async #settleSome(jobs: readonly string[]): Promise<void> {
    const { transaction, rows, log } = this.#options;
    const facts: Facts[] = [];
    for (const job of jobs) {
      const row = rows.find(job);
      const known = row?.closedAtMs === null ? await this.#read(row) : undefined;
      if (known === "later") this.#dirty.add(job);
      else if (known) facts.push(known);
      else this.#forget(job);
      this.#awaited.delete(job);
    }
    if (facts.length === 0) return;
    const settled = new Map<string, Settled>();
    transaction(() => {
      for (const { job, earned, ended } of facts) {
        try {
          const result = transaction(() => settleJob(this.#options, job, earned, ended));
          if (result) settled.set(job, result);
        } catch (error) {
          log.warn({ err: error, job }, "a job could not be settled");
        }
      }
    });
    for (const one of facts) {
      const result = settled.get(one.job);
      if (result) await this.#tell(one, result);
    }
  }

  async #read(row: PaymentRow): Promise<Facts | "later"> {
    const { store, isLost } = this.#options;
    const { job } = row;
    // The state first: once it says that the job has ended, nothing more is earned.
    const state = await store.jobs.read(job);
    const ended = state ? endedStatuses.has(state.status) : isLost(job);
    if (state && !ended && this.#mayWait(row, state)) return "later";
    this.#nextMs.set(job, performance.now() + this.#pace.payEveryMs);
    return { job, state, earned: await store.jobs.earned(job), ended };
  }

  #mayWait(row: PaymentRow, { fuel }: JobState): boolean {
    const { job, heldMicro, pausedFor } = row;
    if (this.#awaited.has(job) || this.#stopped.signal.aborted || pausedFor !== null) return false;
    const nowMs = performance.now();
    const nextMs = this.#nextMs.get(job) ?? nowMs + this.#pace.payEveryMs;
    this.#nextMs.set(job, nextMs);
    return nowMs < nextMs && costOf(Math.floor(fuel), row) < heldMicro / 2;
  }

  #forget(job: string): void {
    this.#nextMs.delete(job);
    this.#underWayAtPause.delete(job);
  }

  async #tell({ job, state, earned, ended }: Facts, settled: Settled): Promise<void> {
    const { store, clock } = this.#options;
    const { row, paidMicro, leftMicro } = settled;
    const costMicro = totalOf(row);
    if (paidMicro > 0 && state) {
      const { fuel } = row;
      const event = {
        type: "settle",
        fuel,
        cost: creditsOf(costMicro),
        left: creditsOf(leftMicro),
      } as const;
      await store.events.append(job, [event], clock());
    }
    if (ended) this.#forget(job);
    else if (state) await this.#steer(state, earned, settled);
  }

  /** Pauses a job whose hold runs dry, and lets it go on when it may. */
  async #steer(
    { spec: { id }, stage, done, pauses }: JobState,
    earned: readonly Earning[],
    settled: Settled,
  ): Promise<void> {
    const { rows, pause, resume, underWay } = this.#options;
    const tasks = underWay(id);
    const before = settled.row.pausedFor;
    const held = before === null ? undefined : (this.#underWayAtPause.get(id) ?? 1);
    const { pausedFor } = mayGoOn(settled, earned, { tasks, left: stage.tasks - done }, held);
    const { owedMicro } = settled;
    if (pausedFor !== undefined) {
      if (before === null) this.#underWayAtPause.set(id, tasks);
      if (pausedFor !== before) rows.setState(id, { owedMicro, pausedFor });
      if (pauses?.budget === undefined) await pause(id, pausedFor);
    } else if (before !== null) {
      await resume(id);
      rows.setState(id, { owedMicro, pausedFor: null });
      this.#underWayAtPause.delete(id);
    }
  }
}
