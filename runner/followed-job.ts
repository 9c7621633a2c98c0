import { type ErrorBody, GridError } from "../protocol/errors.ts";
import type { ChangedParams } from "../protocol/gateway-to-runner.ts";
import type { GuestRequest, PartialRef } from "../protocol/guest.ts";
import type { Control } from "../protocol/job.ts";
import { stepPartialBytesMax } from "../protocol/limits.ts";
import { roundParts, splitEvenly } from "../protocol/round-cut.ts";
import { withParams } from "./job-context.ts";
import type { LoadedJob } from "./job-loader.ts";
import { LeaseWork } from "./lease-work.ts";
import type { RunMessage } from "./messages.ts";
import { errorBodyOf, type UnitOutput } from "./outputs.ts";
import type { Report, ResultLink, UnitResult } from "./results.ts";
import { RoundTeller } from "./round-teller.ts";
import { type Unit, unitsOf } from "./units.ts";

/** Rounds after which the cut is made anew, once code is warm and the time of a round is known better. */
const recutRounds: ReadonlySet<number> = new Set([1, 2, 8, 32]);
/** A step is done by every executor for itself, together with its next map, when a round takes no longer than this … */
const jointRoundMsMax = 25;
/** … and what they all need for it is no more. */
const jointBytesMax = 1024 * 1024;

export interface FollowedJobOptions {
  run: RunMessage;
  /** With the parameters that the run says. */
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

/** A map of the round at work, done. */
interface Mapped {
  /** In order of their tasks. */
  partials: UnitOutput[];
  ms: number;
}

/**
 * A lease that follows its job: whole rounds, map and step, on this runner's slots, one after the other, without a word
 * from the gateway in between. Each round is reported as it ends; whatever happens, what was reported counts, and the
 * round under way is done anew by whoever takes the job next, to the same bytes.
 *
 *   map (a call for each run of the cut) → step → reported → map …
 *
 * In short rounds the way to the executors and back counts. Then each of them does the step for itself and goes on to
 * its next map in the same call: they all get the same state, as functions are pure, and that is checked.
 *
 *   map → step and next map → reported → step and next map …
 */
export class FollowedJob {
  readonly #options: FollowedJobOptions;
  readonly #teller: RoundTeller;
  readonly #works = new Set<LeaseWork>();
  #loaded: LoadedJob;
  /** Changes of parameters that the round at work uses. */
  #changes: number;
  /** Parameters for the next round that begins. */
  #newParams: ChangedParams | undefined;
  /** A map call for each run of the cut; in each round with another state. */
  #maps: Unit[] = [];
  #round: number;
  #rounds = 0;
  #state: Uint8Array;
  #mapped: Mapped = { partials: [], ms: 0 };
  #logs: { task: number; line: string }[] = [];
  #startedAtMs = 0;
  /** What the last round took. */
  #elapsedMs = Number.POSITIVE_INFINITY;
  #stopping = false;
  #ended = false;

  constructor(options: FollowedJobOptions) {
    this.#options = options;
    this.#teller = new RoundTeller(options.link.send);
    this.#round = options.run.round;
    this.#state = options.state;
    this.#loaded = options.loaded;
    this.#changes = options.run.changed?.changes ?? 0;
  }

  /** The one under way. */
  get round(): number {
    return this.#round;
  }

  start(): void {
    this.#startedAtMs = performance.now();
    this.#begin();
  }

  /** The next round that begins uses these parameters. A map that was begun together with a step has begun its round. */
  change(params: ChangedParams): void {
    const latest = this.#newParams?.changes ?? this.#changes;
    if (params.changes > latest) this.#newParams = params;
  }

  /** Ends the round under way, reports it, and hands the lease back. */
  stop(): void {
    this.#stopping = true;
  }

  /** Hands the lease back now; the round under way is lost. */
  release(): void {
    this.#end({ type: "released", leases: [this.#options.run.lease] });
  }

  /** Nothing is said any more. */
  cancel(): void {
    this.#teller.clear();
    this.#end();
  }

  #end(last?: Parameters<ResultLink["send"]>[0]): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#teller.tell();
    if (last) this.#options.link.send(last);
    for (const work of this.#works) {
      work.cancel();
      // Its executor may be at it for long.
      work.slot?.drop();
    }
    this.#works.clear();
    this.#options.onEnd();
  }

  #fail(at: number, error: ErrorBody): void {
    this.#end({ type: "failed", lease: this.#options.run.lease, at, error });
  }

  /** A round from its map on. */
  #begin(): void {
    this.#rounds++;
    if (this.#newParams) this.#takeUp(this.#newParams);
    if (recutRounds.has(this.#rounds)) this.#cut();
    const round = this.#round;
    const units = this.#maps.map((unit) => {
      return { ...unit, request: { ...unit.request, round } as GuestRequest, parts: [this.#state] };
    });
    this.#launch(units, (results) => {
      this.#mapped = mappedOf(results, 0);
      this.#goOn();
    });
  }

  #takeUp({ changes, params }: ChangedParams): void {
    const context = withParams(this.#loaded.context, params);
    this.#loaded = { ...this.#loaded, context };
    this.#changes = changes;
    this.#newParams = undefined;
    this.#maps = this.#maps.map((unit) => {
      return { ...unit, request: { ...unit.request, job: context.guest } };
    });
  }

  #cut(): void {
    const { run, slots } = this.#options;
    const { context } = this.#loaded;
    const table = context.taskTable(run.tasking!);
    const parts = this.#rounds > 1 ? roundParts(run.hi, slots, this.#mapped.ms) : slots;
    this.#maps = splitEvenly(table, parts).flatMap(([lo, hi]) =>
      unitsOf(context, { ...run, lo, hi }, [this.#state]),
    );
  }

  /** The map is done: the step. */
  #goOn(): void {
    const { partials } = this.#mapped;
    const parts = [this.#state, ...partials.map(({ body }) => body)];
    const bytes = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (bytes > stepPartialBytesMax) this.release();
    else if (this.#isJoint(bytes)) this.#stepAndMap(parts);
    else this.#step(parts);
  }

  get #lastRound(): number {
    const { roundsMax, until = roundsMax } = this.#options.run.follow!;
    return Math.min(roundsMax, until);
  }

  #isJoint(bytes: number): boolean {
    const { slots } = this.#options;
    return (
      this.#maps.length <= slots &&
      this.#elapsedMs <= jointRoundMsMax &&
      bytes * this.#maps.length <= jointBytesMax &&
      this.#round < this.#lastRound &&
      this.#newParams === undefined &&
      !recutRounds.has(this.#rounds + 1) &&
      !this.#stopping
    );
  }

  #step(parts: Uint8Array[]): void {
    const { run } = this.#options;
    const partials = this.#mapped.partials.map(({ level, index, hash, body }) => {
      return { task: 0, level, index, bytes: body.byteLength, hash, inline: true };
    });
    const step: RunMessage = { ...run, entry: "step", lo: 0, hi: 1, round: this.#round, partials };
    delete step.tasking;
    this.#launch(unitsOf(this.#loaded.context, step, parts), ([result]) => {
      this.#report(result!.outputs[0]!, result!.control, () => this.#begin());
    });
  }

  #stepAndMap(parts: Uint8Array[]): void {
    const partials = this.#mapped.partials.map(({ level, index, body }): PartialRef => {
      return { level, index, bytes: body.byteLength };
    });
    const units = this.#maps.map((unit, i): Unit => {
      const { job, fuelMax, slices, leaves } = unit.request as MapRequest;
      const request: GuestRequest = {
        job,
        fuelMax,
        entry: "round",
        round: this.#round,
        leaves,
        stateBytes: this.#state.byteLength,
        partials,
        slices,
        quiet: i > 0,
      };
      return { ...unit, request, parts };
    });
    this.#launch(units, (results) => {
      const [state] = results[0]!.outputs;
      if (results.some(({ outputs }) => outputs[0]!.hash !== state!.hash)) {
        const error = new GridError("runner-fault", "two executors gave two states of one round");
        this.#fail(0, error.toBody());
        return;
      }
      const mapped = mappedOf(results, 1);
      this.#report(state!, results[0]!.control, () => {
        this.#rounds++;
        this.#mapped = mapped;
        this.#goOn();
      });
    });
  }

  /** Queues all units, each as work of its own, and calls back with their results, in their order. */
  #launch(units: readonly Unit[], done: (results: UnitResult[]) => void): void {
    const { place, run } = this.#options;
    const { context, source } = this.#loaded;
    const results: UnitResult[] = [];
    let left = units.length;
    units.forEach((unit, i) => {
      if (this.#ended) return;
      const report: Report = {
        add: (result) => {
          this.#works.delete(work);
          if (this.#ended) return;
          results[i] = result;
          if (result.logs) this.#logs.push(...result.logs);
          if (--left === 0) done(results);
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
      const entry = unit.request.entry === "step" ? "step" : "map";
      const { lo, hi } = unit;
      const work = new LeaseWork({ ...run, entry, lo, hi }, context, source, [unit], report);
      this.#works.add(work);
      place(work, `${run.job} ${entry} ${lo}`);
    });
  }

  /** The round's state is known: reports it, and then what `next` does, unless it was the last. */
  #report(state: UnitOutput, control: Control | undefined, next: () => void): void {
    const { link } = this.#options;
    this.#state = state.body;
    if (state.body.byteLength <= link.inlineBytesMax) {
      this.#tell(state, control, next);
      return;
    }
    link.put(state.hash, state.body).then(
      () => this.#tell(state, control, next),
      (error: unknown) => this.#fail(0, errorBodyOf(error)),
    );
  }

  #tell({ hash, fuel, body }: UnitOutput, control: Control | undefined, next: () => void): void {
    if (this.#ended) return;
    const { run, link } = this.#options;
    const { partials, ms } = this.#mapped;
    const logs = this.#logs;
    this.#logs = [];
    const nowMs = performance.now();
    this.#elapsedMs = nowMs - this.#startedAtMs;
    this.#startedAtMs = nowMs;
    const inline = body.byteLength <= link.inlineBytesMax;
    const message = {
      type: "round" as const,
      lease: run.lease,
      round: this.#round,
      ...(this.#changes > 0 && { changes: this.#changes }),
      output: { level: 0, index: 0, bytes: body.byteLength, hash, fuel, inline },
      fuel: partials.reduce((sum, partial) => sum + partial.fuel, 0),
      ...(control && { control }),
      ...(logs.length > 0 && { logs }),
      ms,
      elapsedMs: this.#elapsedMs,
    };
    this.#teller.add(message, inline ? [body] : []);
    if (control?.done === true || this.#round >= run.follow!.roundsMax) this.#end();
    else if (this.#stopping || this.#round >= this.#lastRound) this.release();
    else {
      this.#round++;
      next();
    }
  }
}

type MapRequest = Extract<GuestRequest, { slices: unknown; entry: "map" }>;

/** @param first index of each result's first partial */
function mappedOf(results: readonly UnitResult[], first: number): Mapped {
  return {
    partials: results.flatMap(({ outputs }) => outputs.slice(first)),
    ms: results.reduce((sum, { ms }) => sum + ms, 0),
  };
}

/** @throws GridError runner-fault when the message is none that a job can be followed from */
export function followedState(run: RunMessage, payloads: readonly Uint8Array[]): Uint8Array {
  const state = run.hasState ? payloads[0] : undefined;
  const fits = run.entry === "map" && run.tasking && run.leaves === run.hi && run.lo === 0;
  if (!state || !fits)
    throw new GridError("runner-fault", "a lease is to follow its job and is not a whole round");
  return state;
}
