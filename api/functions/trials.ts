import type { ErrorBody } from "../../protocol/errors.ts";
import { GridError } from "../../protocol/errors.ts";
import type {
  ConstantMeta,
  Description,
  GuestError,
  GuestSlice,
  GuestTrace,
  ShardMeta,
} from "../../protocol/guest.ts";
import { roundsMaxDefault } from "../../protocol/limits.ts";
import type { ExecutorLoan, ExecutorPool } from "../../sandbox/pool.ts";
import type { ExecutorReply } from "../../sandbox/port.ts";
import type { PublishRequest } from "../ports.ts";
import type { Builder, Built } from "./builder.ts";
import { explain } from "./explain.ts";
import { inspect } from "./inspect.ts";
import { readable } from "./readable.ts";

/** Runs at once on the whole server: it has invokes and publishing to do. */
export const togetherMax = 2;
const waitingMax = 16;
/** Of one account, those that wait among them: nobody makes others wait for more. */
const perAccountMax = 2;
/** Fuel ends most before; this ends what is stuck in a built-in. */
export const trialTimeoutMs = 8_000;
/** A sample is small. What a job may use is more. */
const memoryMb = 256;
/** The processes of somebody who has stopped trying are not kept longer. */
const restAfterMs = 60_000;

/** What a version is tried on. */
export interface TrialWork {
  /** Absent for a slice, and for the definition's own example. */
  input?: Buffer;
  slice?: GuestSlice;
  params: Record<string, unknown>;
  /** Name of each constant and the key it is loaded under. */
  uses: Record<string, string>;
  loads: { key: string; meta: ShardMeta | ConstantMeta; bytes: Uint8Array }[];
}

export interface Trial {
  account: string;
  source: PublishRequest;
  /** Decides what it is run on, once it is known what it is. */
  prepare: (description: Description) => Promise<TrialWork>;
  seed: number;
  fuelMax: number;
  /** Whoever asked has gone. */
  signal: AbortSignal;
}

export interface Tried {
  built: Built;
  description: Description;
  trace: GuestTrace;
  reply: ExecutorReply;
}

export interface TrialsOptions {
  build: Builder;
  /** For trials alone; made with `togetherMax` slots. */
  executors: Pick<ExecutorPool, "acquire" | "slots">;
}

/**
 * Runs functions that are not published, in sandbox children of the server's own. A turn holds a child from the
 * beginning, so that no more is compiled at once than is run; who waits for a turn is one of a few. A process serves one
 * account.
 */
export class Trials {
  readonly #options: TrialsOptions;
  readonly #closing = new AbortController();
  /** Under way, by account. */
  readonly #running = new Map<string, number>();
  #rest: NodeJS.Timeout | undefined;

  constructor(options: TrialsOptions) {
    this.#options = options;
  }

  /** Trials that run or wait. */
  get underWay(): number {
    let sum = 0;
    for (const count of this.#running.values()) sum += count;
    return sum;
  }

  /**
   * @throws GridError queue-full, too-many-requests; what publishing throws; the function's own errors, with
   *   details.logs; what `prepare` throws
   */
  async run(trial: Trial): Promise<Tried> {
    const { account } = trial;
    const running = this.#running.get(account) ?? 0;
    if (running >= perAccountMax)
      throw new GridError("too-many-requests", `${perAccountMax} of your trials are under way.`, {
        limit: perAccountMax,
        retryAfterSeconds: 1,
      });
    if (this.underWay >= togetherMax + waitingMax)
      throw new GridError("queue-full", "Too many functions are being tried.", {
        retryAfterSeconds: Math.ceil(trialTimeoutMs / 1000),
      });
    this.#running.set(account, running + 1);
    clearTimeout(this.#rest);
    try {
      return await this.#run(trial);
    } finally {
      const left = this.#running.get(account)! - 1;
      if (left > 0) this.#running.set(account, left);
      else this.#running.delete(account);
      if (this.#running.size === 0) this.#restLater();
    }
  }

  close(): void {
    this.#closing.abort(new GridError("shutting-down", "the server is shutting down"));
    clearTimeout(this.#rest);
  }

  async #run(trial: Trial): Promise<Tried> {
    const signal = AbortSignal.any([trial.signal, this.#closing.signal]);
    const loan = await this.#options.executors.acquire(`try:${trial.account}`, signal);
    // A child that compiles, describes or decodes for someone who has gone is stopped as one that runs.
    const kill = () => loan.executor.kill(new GridError("task-lost", "nobody waits for it"));
    signal.addEventListener("abort", kill, { once: true });
    try {
      return await this.#work(trial, loan, signal);
    } finally {
      signal.removeEventListener("abort", kill);
      loan.release();
    }
  }

  async #work(trial: Trial, { executor }: ExecutorLoan, signal: AbortSignal): Promise<Tried> {
    const built = await this.#options.build(trial.source);
    signal.throwIfAborted();
    const { digest, bundle, sourceMap } = built;
    executor.open(digest, bundle, { memoryMb });
    try {
      const description = readable(await inspect(executor, digest));
      const work = await trial.prepare(description);
      signal.throwIfAborted();
      for (const { key, meta, bytes } of work.loads) executor.load(digest, key, meta, bytes);
      const { params, uses, slice, input } = work;
      const request = {
        entry: "invoke" as const,
        trace: true as const,
        roundsMax: description.roundsMax ?? roundsMaxDefault,
        ...(slice === undefined ? {} : { slice }),
        fuelMax: trial.fuelMax,
        job: { id: "try", seed: trial.seed, params, uses, reducers: 1, shardCount: 1 },
      };
      let reply: ExecutorReply | undefined;
      await executor.run(digest, [input === undefined ? { request } : { request, data: input }], {
        timeoutMs: trialTimeoutMs,
        signal,
        onReply: (_index, answer) => {
          reply = answer;
        },
      });
      const { error, logs = [], trace } = reply?.header ?? {};
      if (error) throw GridError.fromBody(failureOf(error, logs, sourceMap));
      if (!reply || !trace)
        throw new GridError("bad-output", "the function's sandbox did not answer as it should");
      return { built, description, trace, reply };
    } catch (error) {
      if (!(error instanceof GridError) || signal.aborted) throw error;
      throw GridError.fromBody(explain(error.toBody(), sourceMap));
    } finally {
      executor.close(digest);
    }
  }

  #restLater(): void {
    if (this.#closing.signal.aborted) return;
    this.#rest = setTimeout(() => {
      for (const slot of this.#options.executors.slots)
        slot.rest(new GridError("task-lost", "nobody tries a function"));
    }, restAfterMs);
    this.#rest.unref();
  }
}

const fuelHint =
  "look for a loop that does not end; else try fewer records, or less work for each (a try has less fuel than a job)";

function failureOf(error: GuestError, logs: string[], sourceMap: string): ErrorBody {
  const own = error.code === "out-of-fuel" ? { ...error, hint: error.hint ?? fuelHint } : error;
  const body = explain(own, sourceMap);
  return { ...body, details: { ...body.details, logs } };
}
