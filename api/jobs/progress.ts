import type { ErrorBody } from "../../protocol/errors.ts";
import { GridError } from "../../protocol/errors.ts";
import type { JobEvent } from "../../protocol/events.ts";
import type { Control, JobStatus, ParamChange, Stage } from "../../protocol/job.ts";
import type { CompleteOutcome, Lease, RecalledTask, Store } from "../store/port.ts";
import { type JobView, type JobViews, recordsOf, setStage } from "./job-view.ts";
import { advance, repeatStage } from "./plan.ts";

/** At most one progress event a job in so many ms; rounds and status changes are never held back. */
const progressEveryMs = 100;

export interface ProgressDeps {
  store: Store;
  views: JobViews;
  clock: () => number;
  /** Runners that hold leases of a job now. */
  runnersOn: (job: string) => number;
  /** The job has a new stage, so there may be work. */
  onStage: (job: string) => void;
  /** The job paused by itself, having done the rounds that it was to do. */
  onStepped: (job: string) => Promise<void>;
  /** The job ended, in whatever way. */
  onEnded: (job: string, status: JobStatus, error?: ErrorBody) => void;
}

/** A round that one runner did as a whole. */
export interface FollowedRound {
  round: number;
  control: Control | undefined;
  fuel: number;
  elapsedMs: number;
  /** Changes of parameters that it was the first to use. */
  changes: readonly ParamChange[];
}

/**
 * Moves jobs along: what a completion means for its job, in events and in stages. The store's compare-and-set makes
 * each stage follow once, whoever calls; `repair` does it for a process that died between the two.
 */
export class Progress {
  readonly #deps: ProgressDeps;
  readonly #lastProgressMs = new Map<string, number>();

  constructor(deps: ProgressDeps) {
    this.#deps = deps;
  }

  async completed(
    view: JobView,
    accepted: readonly { lo: number; hi: number }[],
    outcome: CompleteOutcome,
  ): Promise<void> {
    if (outcome.stage !== view.stage.number) return;
    for (const { lo, hi } of accepted) {
      view.recordsDone += recordsOf(view, lo, hi);
      view.tasksDone += hi - lo;
    }
    view.done = outcome.done;
    if (!outcome.finished) {
      await this.#progress(view);
      return;
    }
    view.fuel += (outcome.summary?.fuel ?? 0) - view.stageRecalledFuel;
    await this.#advance(view, outcome.summary!, outcome.control);
  }

  /**
   * Tasks of the view's stage have remembered results: they are done. Returns whether more may be taken.
   */
  async recalled(view: JobView, tasks: RecalledTask[]): Promise<boolean> {
    const { number } = view.stage;
    const outcome = await this.#deps.store.jobs.recall(view.spec.id, number, tasks);
    const accepted = tasks.filter((_, i) => outcome.results[i] === "accepted");
    if (accepted.length > 0 && view.startedAtMs === undefined) await this.started(view);
    if (view.stage.number !== outcome.stage || outcome.stage !== number) return false;
    view.remembered += accepted.length;
    for (const { outputs } of accepted)
      for (const { fuel } of outputs) view.stageRecalledFuel += fuel;
    const runs = accepted.map(({ task }) => ({ lo: task, hi: task + 1 }));
    if (runs.length > 0) await this.completed(view, runs, outcome);
    return !outcome.finished;
  }

  /** The store has taken in rounds that one runner did as a whole: what it means for the view. */
  followed(view: JobView, next: Stage, rounds: readonly FollowedRound[]): void {
    const { clock } = this.#deps;
    const { id } = view.spec;
    const { tasks } = view.stage;
    view.recordsDone += recordsOf(view, 0, tasks) * rounds.length;
    view.tasksDone += (tasks + 1) * rounds.length;
    for (const { fuel } of rounds) view.fuel += fuel;
    setStage(view, next);
    view.roundStartedAtMs = clock();
    if (next.entry !== "map") this.#deps.onStage(id);
  }

  /** A round began with changed parameters, for who watches. */
  async paramsSettled(view: JobView, changes: readonly ParamChange[]): Promise<void> {
    const { store, clock } = this.#deps;
    const { round } = view.stage;
    const events = changes.map(({ params }) => ({ type: "params", round, params }) as const);
    await store.events.append(view.spec.id, events, clock());
  }

  /** A straggler's tasks were given to another, too. */
  async copied({ job, stage, lo, hi }: Lease): Promise<void> {
    const event = { type: "task", stage, lo, hi, state: "copied", reason: "straggler" } as const;
    await this.#deps.store.events.append(job, [event], this.#deps.clock());
  }

  /** What the function of a job wrote, for who watches. */
  async logged(job: string, logs: readonly { task: number; line: string }[]): Promise<void> {
    const events = logs.map((log) => ({ type: "log", ...log }) as const);
    await this.#deps.store.events.append(job, events, this.#deps.clock());
  }

  /** Ends a job; the first caller wins. */
  async end(
    id: string,
    status: "failed" | "cancelled",
    error?: ErrorBody,
  ): Promise<"changed" | "already"> {
    const { store, clock } = this.#deps;
    const nowMs = clock();
    const outcome = await store.jobs.setStatus(id, status, { nowMs, ...(error ? { error } : {}) });
    if (outcome === "changed") {
      await store.events.append(
        id,
        [{ type: "status", status, ...(error ? { error } : {}) }],
        nowMs,
      );
      this.#ended(id, status, error);
    }
    return outcome;
  }

  async started(view: JobView): Promise<void> {
    const { store, clock } = this.#deps;
    const nowMs = clock();
    view.startedAtMs = nowMs;
    view.roundStartedAtMs = nowMs;
    const outcome = await store.jobs.setStatus(view.spec.id, "running", { nowMs });
    if (outcome === "changed") {
      await store.events.append(view.spec.id, [{ type: "status", status: "running" }], nowMs);
    }
  }

  /** For the sweep: a stage whose tasks are all done but that nobody advanced. */
  async repair(id: string): Promise<void> {
    const { store, views } = this.#deps;
    const state = await store.jobs.read(id);
    if (!state || state.done < state.stage.tasks) return;
    const view = await views.refresh(id);
    if (!view || view.stage.number !== state.stage.number) return;
    const { control } = state;
    if (!control && (view.stage.entry === "probe" || view.stage.entry === "step")) {
      // Answered under a version that did not keep it: run the stage again, to the same bytes.
      const next = repeatStage(view.stage);
      const drop = [view.stage.number];
      if ((await store.jobs.advance(id, view.stage.number, next, { drop })) === "advanced") {
        setStage(view, next);
        this.#deps.onStage(id);
      }
      return;
    }
    const outputs = await store.jobs.outputs(id, view.stage.number);
    const summary = { outputs: outputs.length, bytes: 0, fuel: 0 };
    for (const output of outputs) {
      summary.bytes += output.bytes;
      summary.fuel += output.fuel;
    }
    await this.#advance(view, summary, control);
  }

  async #advance(
    view: JobView,
    summary: { outputs: number; bytes: number; fuel: number },
    control: Control | undefined,
  ): Promise<void> {
    const { store, clock } = this.#deps;
    const { spec, stage } = view;
    const { id } = spec;
    const topLevel = await this.#topLevel(view, summary);
    const step = advance(spec, view.shards, stage, { summary, control, topLevel });
    if (step.type === "end") {
      const nowMs = clock();
      const status = "succeeded" as const;
      const { resultStage, drop } = step;
      const outcome = await store.jobs.setStatus(id, status, { nowMs, resultStage, drop });
      if (outcome === "already") return;
      await store.events.append(id, [this.#progressEvent(view), { type: "status", status }], nowMs);
      this.#ended(id, status);
      return;
    }
    const { next, drop } = step;
    if (stage.entry === "map" && next.entry === "step") view.partialBytes = summary.bytes;
    else if (next.entry === "merge") view.partialBytes = Number.POSITIVE_INFINITY;
    const metrics = control?.metrics;
    const nowMs = clock();
    const ended = step.roundDone
      ? roundEvent(stage.round, control, nowMs - view.roundStartedAtMs)
      : undefined;
    const outcome = await store.jobs.advance(id, stage.number, next, {
      drop,
      ...(metrics ? { metrics } : {}),
      ...(ended ? { told: { events: [ended], nowMs } } : {}),
    });
    if (outcome === "lost") return;
    if (ended) view.roundStartedAtMs = nowMs;
    setStage(view, next);
    this.#deps.onStage(id);
    if (outcome === "stepped") await this.#deps.onStepped(id);
    else if (spec.kind !== "iterate") await this.#progress(view);
  }

  /** Only a merge decision needs it, and only when a stage left many or large partials. */
  async #topLevel(view: JobView, summary: { outputs: number; bytes: number }): Promise<number> {
    const { stage, spec } = view;
    const merging = spec.kind === "iterate" && (stage.entry === "map" || stage.entry === "merge");
    if (!merging || (summary.outputs <= 256 && summary.bytes < 1024 * 1024)) return 0;
    const outputs = await this.#deps.store.jobs.outputs(spec.id, stage.number);
    return outputs.reduce((top, output) => Math.max(top, output.level), 0);
  }

  async #progress(view: JobView): Promise<void> {
    const nowMs = this.#deps.clock();
    const last = this.#lastProgressMs.get(view.spec.id) ?? 0;
    if (nowMs - last < progressEveryMs && nowMs >= last) return;
    this.#lastProgressMs.set(view.spec.id, nowMs);
    await this.#deps.store.events.append(view.spec.id, [this.#progressEvent(view)], nowMs);
  }

  #progressEvent(view: JobView): JobEvent {
    const { stage, spec } = view;
    return {
      type: "progress",
      stage: stage.number,
      entry: stage.entry,
      round: stage.round,
      done: view.done,
      total: stage.tasks,
      records: view.recordsDone,
      fuel: view.fuel,
      ...(view.remembered > 0 && { remembered: view.remembered }),
      runners: this.#deps.runnersOn(spec.id),
    };
  }

  #ended(id: string, status: JobStatus, error?: ErrorBody): void {
    this.#lastProgressMs.delete(id);
    this.#deps.views.forget(id);
    this.#deps.onEnded(id, status, error);
  }
}

/** What the end of followed rounds means for who watches. */
export function roundEvents(rounds: readonly FollowedRound[]): JobEvent[] {
  return rounds.flatMap(({ round, control, elapsedMs, changes }) => [
    ...changes.map(({ params }) => ({ type: "params", round, params }) as const),
    roundEvent(round, control, elapsedMs),
  ]);
}

function roundEvent(round: number, control: Control | undefined, ms: number): JobEvent {
  return {
    type: "round",
    round,
    metrics: control?.metrics ?? {},
    ms,
    done: control?.done === true,
  };
}

export function lostError(attempts: number, reason?: string): ErrorBody {
  const last = reason === undefined ? "." : `; the last time: ${reason}`;
  return new GridError("task-lost", `The same tasks were lost ${attempts} times${last}`, {
    hint: "A function that makes its executor crash is stopped after a few attempts.",
  }).toBody();
}
