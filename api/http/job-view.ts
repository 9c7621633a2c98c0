import type { Job, JobSummary } from "../../protocol/http-jobs.ts";
import type { ParamChangeView } from "../../protocol/http-live.ts";
import { endedStatuses, type JobState, type ParamChange } from "../../protocol/job.ts";
import type { JobRow } from "../catalog/jobs.ts";
import { pausedByOf } from "../jobs/steering.ts";

/** What the API shows of a job. */
export function jobOf(state: JobState, waitingFor: string | undefined, nowMs: number): Job {
  const { spec, stage } = state;
  const ended = endedStatuses.has(state.status);
  const speed = recordsPerSecond(state, nowMs);
  return {
    id: spec.id,
    function: spec.function,
    version: spec.version,
    kind: spec.kind,
    status: state.status,
    ...(state.error ? { error: state.error } : {}),
    createdAt: time(spec.createdAtMs),
    ...(state.startedAtMs === undefined ? {} : { startedAt: time(state.startedAtMs) }),
    ...(state.endedAtMs === undefined ? {} : { endedAt: time(state.endedAtMs) }),
    stage: stage.number,
    entry: stage.entry,
    round: stage.round,
    progress: { done: state.done, total: stage.tasks },
    tasksDone: state.tasksDone,
    ...(state.remembered ? { remembered: state.remembered } : {}),
    records: recordsOf(state),
    ...(speed === undefined ? {} : { recordsPerSecond: speed }),
    metrics: state.metrics ?? {},
    fuel: state.fuel,
    cost: 0,
    seed: spec.seed,
    params: spec.params,
    ...(ended || waitingFor === undefined ? {} : { waitingFor }),
    ...(state.pauses ? { pausedBy: pausedByOf(state.pauses) } : {}),
    ...(state.stepUntil === undefined ? {} : { stepUntil: state.stepUntil }),
    ...(state.paramChanges ? { paramChanges: state.paramChanges.map(changeOf) } : {}),
  };
}

function changeOf({ params, atMs, round }: ParamChange): ParamChangeView {
  return { ...(round === undefined ? {} : { round }), params, at: time(atMs) };
}

/** @param name the function's, in full */
export function summaryOf(row: JobRow, name: string): JobSummary {
  return {
    id: row.id,
    function: name,
    version: row.version,
    kind: row.kind,
    status: row.status,
    ...(row.error ? { error: row.error } : {}),
    createdAt: time(row.createdAtMs),
    ...(row.startedAtMs === null ? {} : { startedAt: time(row.startedAtMs) }),
    ...(row.endedAtMs === null ? {} : { endedAt: time(row.endedAtMs) }),
  };
}

/** A job that the store knows nothing of, neither now nor ever again: its planning broke off. */
export function lostJobOf(row: JobRow, name: string): Job {
  return {
    ...summaryOf(row, name),
    stage: 0,
    entry: "map",
    round: 0,
    progress: { done: 0, total: 0 },
    tasksDone: 0,
    records: 0,
    metrics: {},
    fuel: 0,
    cost: 0,
    seed: row.spec.seed,
    params: row.spec.params,
  };
}

export function recordsOf({ spec: { input } }: JobState): number {
  return input.type === "range" ? input.count : input.records;
}

/** Records mapped a second. Tasks are alike in size, so a stage's share of tasks stands for its share of records. */
function recordsPerSecond(state: JobState, nowMs: number): number | undefined {
  const { stage, startedAtMs, status } = state;
  if (startedAtMs === undefined || (status !== "running" && status !== "succeeded"))
    return undefined;
  const seconds = ((state.endedAtMs ?? nowMs) - startedAtMs) / 1000;
  if (seconds <= 0) return undefined;
  const passes =
    status === "succeeded"
      ? Math.max(1, stage.round)
      : Math.max(0, stage.round - 1) + mappedShare(state);
  return Math.round((passes * recordsOf(state)) / seconds);
}

function mappedShare({ stage, done }: JobState): number {
  if (stage.entry === "probe" || stage.entry === "init") return 0;
  return stage.entry === "map" && stage.tasks > 0 ? done / stage.tasks : 1;
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
