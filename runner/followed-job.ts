import { GridError } from "../protocol/errors.ts";
import type { GuestRequest } from "../protocol/guest.ts";
import { nodeSpan } from "../protocol/merge-tree.ts";
import { roundParts, splitEvenly } from "../protocol/round-cut.ts";
import type { RunnerToGateway } from "../protocol/runner-to-gateway.ts";
import type { LoadedJob } from "./job-loader.ts";
import { LeaseWork } from "./lease-work.ts";
import type { RunMessage } from "./messages.ts";
import { errorBodyOf, type UnitOutput } from "./outputs.ts";
import type { Report, ResultLink, UnitResult } from "./results.ts";
import { type Unit, unitsOf } from "./units.ts";

/** Partials of one round together: a step takes them in one message. */
const partialBytesMax = 32 * 1024 * 1024;
/** Rounds after which the cut is made anew, once code is warm and the time of a round is known better. */
const recutRounds: ReadonlySet<number> = new Set([1, 2, 8, 32]);

/**
 * Rounds are told at once when they are rare, and else together every so often: on a machine that is busy with them,
 * a message a round would take a good part of its time.
 */
const tellEveryMs = 25;
const toldBytesMax = 256 * 1024;

type RoundMessage = Extract<RunnerToGateway, { type: "round" }>;

export interface FollowedJobOptions {
  run: RunMessage;
  loaded: LoadedJob;
  /** The state that the first round begins with. */
  state: Uint8Array;
  slots: number;
  link: ResultLink;
  /** Queues work where it starts first. `name` is the same in every round. */
  place: (work: LeaseWork, name: string) => void;
  /** Called once, when the last message about the lease was sent, or it was cancelled. */
  onEnd: () => void;
}

/**
 * A lease that follows its job: whole rounds, map and step, on this runner's slots, one after the other, without a word
 * from the gateway in between. Each round is reported as it ends; whatever happens, what was reported counts, and the
 * round under way is done anew by whoever takes the job next, to the same bytes.
 *
 *   map (one work for each run of the cut) → step → reported → map …
 */
export class FollowedJob {
  readonly #options: FollowedJobOptions;
  readonly #works = new Set<LeaseWork>();
  #round: number;
  #rounds = 0;
  #state: Uint8Array;
  /** A map call for each run of the cut; in each round with another state. */
  #maps: Unit[] = [];
  #partials: UnitOutput[] = [];
  #left = 0;
  #ms = 0;
  #logs: NonNullable<UnitResult["logs"]>[number][] = [];
  #startedAtMs = 0;
  /** Rounds that are done and not told. */
  #untold: { message: RoundMessage; payloads: Uint8Array[] }[] = [];
  #untoldBytes = 0;
  #toldAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;
  #ended = false;

  constructor(options: FollowedJobOptions) {
    this.#options = options;
    this.#round = options.run.round;
    this.#state = options.state;
  }

  start(): void {
    this.#startedAtMs = performance.now();
    this.#rounds++;
    if (recutRounds.has(this.#rounds)) this.#cut();
    this.#partials = [];
    this.#left = this.#maps.length;
    this.#ms = 0;
    const { run } = this.#options;
    for (const unit of this.#maps) {
      const { lo, hi } = unit;
      const again = { ...unit, request: { ...unit.request, round: this.#round } as GuestRequest };
      again.parts = [this.#state];
      this.#begin({ ...run, lo, hi }, [again], (result) => this.#mapped(result));
      if (this.#ended) return;
    }
  }

  /** Ends the round under way, reports it, and hands the lease back. */
  stop(): void {
    this.#stopping = true;
  }

  /** Hands the lease back now; the round under way is lost. */
  release(): void {
    if (this.#ended) return;
    this.#tell();
    this.#options.link.send({ type: "released", leases: [this.#options.run.lease] });
    this.cancel();
  }

  /** Nothing is said any more. */
  cancel(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    for (const work of this.#works) work.cancel();
    this.#works.clear();
    this.#options.onEnd();
  }

  #cut(): void {
    const { run, loaded, slots } = this.#options;
    const table = loaded.context.taskTable(run.tasking!);
    const roundMs = this.#rounds > 1 ? this.#ms : undefined;
    const parts = roundMs === undefined ? slots : roundParts(run.hi, slots, roundMs);
    this.#maps = splitEvenly(table, parts).flatMap(([lo, hi]) =>
      unitsOf(loaded.context, { ...run, lo, hi }, [this.#state]),
    );
  }

  #begin(run: RunMessage, units: Unit[], done: (result: UnitResult) => void): void {
    const { loaded, place } = this.#options;
    const report: Report = {
      add: (result) => {
        this.#works.delete(work);
        if (!this.#ended) done(result);
      },
      fail: (at, error) => {
        this.#works.delete(work);
        this.#fail(at, error);
      },
      release: () => {
        this.#works.delete(work);
        this.release();
      },
      cancel: () => this.#works.delete(work),
    };
    const work = new LeaseWork(run, loaded.context, loaded.source, units, report);
    this.#works.add(work);
    place(work, `${run.job} ${run.entry} ${run.lo}`);
  }

  #mapped(result: UnitResult): void {
    this.#partials.push(...result.outputs);
    this.#ms += result.ms;
    this.#keepLogs(result);
    this.#left--;
    if (this.#left > 0) return;
    const { run } = this.#options;
    const leaves = run.leaves!;
    this.#partials.sort((a, b) => nodeSpan(a, leaves).lo - nodeSpan(b, leaves).lo);
    const bodies = this.#partials.map(({ body }) => body);
    if (bodies.reduce((sum, { byteLength }) => sum + byteLength, 0) > partialBytesMax) {
      this.release();
      return;
    }
    const partials = this.#partials.map(({ level, index, hash, body }) => {
      return { task: 0, level, index, bytes: body.byteLength, hash, inline: true };
    });
    const step = { ...run, entry: "step" as const, lo: 0, hi: 1, round: this.#round, partials };
    delete step.tasking;
    const units = unitsOf(this.#options.loaded.context, step, [this.#state, ...bodies]);
    this.#begin(step, units, (stepped) => this.#stepped(stepped));
  }

  #stepped(result: UnitResult): void {
    this.#keepLogs(result);
    const { link } = this.#options;
    const state = result.outputs[0]!;
    this.#state = state.body;
    if (state.body.byteLength <= link.inlineBytesMax) {
      this.#report(state, result, true);
      return;
    }
    link.put(state.hash, state.body).then(
      () => this.#report(state, result, false),
      (error: unknown) => this.#fail(0, errorBodyOf(error)),
    );
  }

  #report({ hash, fuel, body }: UnitOutput, { control }: UnitResult, inline: boolean): void {
    if (this.#ended) return;
    const { run } = this.#options;
    const logs = this.#logs;
    this.#logs = [];
    const nowMs = performance.now();
    const message: RoundMessage = {
      type: "round",
      lease: run.lease,
      round: this.#round,
      output: { level: 0, index: 0, bytes: body.byteLength, hash, fuel, inline },
      fuel: this.#partials.reduce((sum, partial) => sum + partial.fuel, 0),
      ...(control && { control }),
      ...(logs.length > 0 && { logs }),
      ms: this.#ms,
      elapsedMs: nowMs - this.#startedAtMs,
    };
    this.#untold.push({ message, payloads: inline ? [body] : [] });
    this.#untoldBytes += inline ? body.byteLength : 0;
    const last = control?.done === true || this.#round >= run.follow!.roundsMax;
    const waitedMs = nowMs - this.#toldAtMs;
    if (last || waitedMs >= tellEveryMs || this.#untoldBytes > toldBytesMax) this.#tell();
    else this.#timer ??= setTimeout(() => this.#tell(), tellEveryMs - waitedMs);
    if (last) this.cancel();
    else if (this.#stopping) this.release();
    else {
      this.#round++;
      this.start();
    }
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#ended || this.#untold.length === 0) return;
    for (const { message, payloads } of this.#untold) this.#options.link.send(message, payloads);
    this.#untold = [];
    this.#untoldBytes = 0;
    this.#toldAtMs = performance.now();
  }

  #keepLogs({ logs }: UnitResult): void {
    if (logs) this.#logs.push(...logs);
  }

  #fail(at: number, error: ReturnType<typeof errorBodyOf>): void {
    if (this.#ended) return;
    this.#tell();
    this.#options.link.send({ type: "failed", lease: this.#options.run.lease, at, error });
    this.cancel();
  }
}

/** @throws GridError runner-fault when the message is none that a job can be followed from */
export function followedState(run: RunMessage, payloads: readonly Uint8Array[]): Uint8Array {
  const state = run.hasState ? payloads[0] : undefined;
  const fits = run.entry === "map" && run.tasking && run.leaves === run.hi && run.lo === 0;
  if (!state || !fits)
    throw new GridError("runner-fault", "a lease is to follow its job and is not a whole round");
  return state;
}
