import type { Control, JobSpec, Kind, Stage, StageSummary } from "../../protocol/job.ts";
import { reducersMax, shardBytesMax, stepPartialBytesMax } from "../../protocol/limits.ts";
import type { Shard } from "../../protocol/manifest.ts";
import { rootLevel } from "../../protocol/merge-tree.ts";
import { type Tasking, TaskTable } from "../../protocol/tasking.ts";

/**
 * Planning: pure functions from a job and a fact to the next stage. No I/O, no clock; both stores and every gateway
 * run the same code, and a repeated call gives the same answer.
 *
 *   map         [probe] → map → end
 *   mapReduce   [probe] → map → reduce → end
 *   iterate     init → (map → [merge…] → step)* → finish → end
 *
 * Everything here depends on data and on fuel (which is deterministic), never on measured time: the cut of the input
 * into tasks decides float summation order, so it must be the same on every run. Time decides only how many tasks one
 * lease carries (api/gateway/lease-sizing.ts).
 */

/** Tasks a range is cut into. Iterative rounds want fewer, since each task's partial is merged every round. */
const rangeTasks = { map: 1024, mapReduce: 1024, iterate: 256 } as const;
/** No task of an iterative round over an input of so many bytes or more has more than this share of its records. */
const roundTasksMin = 32;
const roundBytesMin = 8 * 1024 * 1024;
/** Records whose fuel is measured before a dataset of many records a shard is cut. */
export const probeRecords = 8;
/** Fuel of one task that planning aims at: some 100 to 500 ms on a reference core. */
const fuelPerTaskTarget = 200_000_000;
/** A step merges up to so many partials, and `stepPartialBytesMax`, itself; more are merged by tasks of their own first. */
const stepPartialsMax = 256;
/** Partials that one merge task takes in. */
const mergePartialsTarget = 16;

type DatasetInput = Extract<JobSpec["input"], { type: "dataset" }>;
export type ShardSizes = readonly Pick<Shard, "records">[];

export function plan(spec: JobSpec, shards: ShardSizes): Stage {
  if (spec.kind === "iterate") {
    const init: Stage = { number: 0, round: 0, entry: "init", tasks: 1 };
    if (spec.input.type !== "range") return init;
    // init sees the whole range as its sample.
    const { count } = spec.input;
    return { ...init, tasking: { type: "range", count, perTask: count } };
  }
  if (needsProbe(spec, shards)) {
    return {
      number: 0,
      round: 0,
      entry: "probe",
      tasks: 1,
      tasking: { type: "records", perTask: probeRecords },
    };
  }
  return mapStage(spec, shards, 0, defaultTasking(spec));
}

/** What happened: the current stage's last task was done. */
export interface StageFinished {
  summary: StageSummary;
  control: Control | undefined;
  /** The highest merge-tree level among the stage's outputs (maps and merges of an iterate). */
  topLevel: number;
}

export type Advance =
  | { type: "stage"; next: Stage; drop: number[]; roundDone?: boolean }
  | { type: "end"; resultStage: number; drop: number[] };

export function advance(
  spec: JobSpec,
  shards: ShardSizes,
  stage: Stage,
  finished: StageFinished,
): Advance {
  const number = stage.number + 1;
  switch (stage.entry) {
    case "probe": {
      const tasking = taskingFromProbe(shards, finished);
      return { type: "stage", next: mapStage(spec, shards, number, tasking), drop: [stage.number] };
    }
    case "init":
      return { type: "stage", next: roundStage(spec, shards, number, 1, stage.number), drop: [] };
    case "map":
      if (spec.kind === "map") return { type: "end", resultStage: stage.number, drop: [] };
      if (spec.kind === "mapReduce") {
        const next: Stage = {
          number,
          round: 0,
          entry: "reduce",
          tasks: spec.reducers,
          from: stage.number,
        };
        return { type: "stage", next, drop: [] };
      }
      return { type: "stage", next: mergeOrStep(stage, finished), drop: [] };
    case "merge":
      return { type: "stage", next: mergeOrStep(stage, finished), drop: [stage.from!] };
    case "reduce":
      return { type: "end", resultStage: stage.number, drop: [stage.from!] };
    case "step": {
      const drop = [stage.from!, stage.state!];
      const ended = finished.control?.done === true || stage.round >= spec.roundsMax;
      const next: Stage = ended
        ? { number, round: stage.round, entry: "finish", tasks: 1, state: stage.number }
        : roundStage(spec, shards, number, stage.round + 1, stage.number);
      return { type: "stage", next, drop, roundDone: true };
    }
    case "finish":
      return { type: "end", resultStage: stage.number, drop: [stage.state!] };
  }
}

/**
 * The stage that follows a round which one runner did as a whole, and what it leaves behind. The map stage `map` and
 * the step's get the numbers that they have in any case.
 */
export function advanceRound(
  spec: JobSpec,
  shards: ShardSizes,
  map: Stage,
  control: Control | undefined,
): { next: Stage; drop: number[] } {
  const { number, round } = map;
  const step: Stage = {
    number: number + 1,
    round,
    entry: "step",
    tasks: 1,
    from: number,
    state: map.state!,
  };
  const summary: StageSummary = { outputs: 1, bytes: 0, fuel: 0 };
  const advanced = advance(spec, shards, step, { summary, control, topLevel: 0 });
  if (advanced.type === "end") throw new Error("a step is not the end of an iterate");
  return advanced;
}

/** What `ctx.shard.count` says: shards of a dataset, tasks of a range. */
export function shardCountOf(spec: JobSpec, shards: ShardSizes): number {
  return spec.input.type === "range"
    ? new TaskTable(defaultTasking(spec), []).tasks
    : shards.length;
}

/** The same stage once more, for a finished stage whose control value is not known. */
export function repeatStage(stage: Stage): Stage {
  return { ...stage, number: stage.number + 1 };
}

/**
 * Hash partitions for a mapReduce: enough that one reduce task's share of the input is `bytesPerReducer` at most. A power
 * of two, so that the results of maps, which are cut by partition, still serve when the input has grown a little.
 */
export function reducersFor(inputBytes: number, bytesPerReducer: number): number {
  const wanted = Math.max(inputBytes / bytesPerReducer, 1);
  return Math.min(2 ** Math.ceil(Math.log2(wanted)), reducersMax);
}

function needsProbe(spec: JobSpec, shards: ShardSizes): boolean {
  if (spec.recordsPerTask !== undefined || spec.input.type === "range") return false;
  return shards.some((shard) => shard.records > probeRecords);
}

function defaultTasking(spec: JobSpec): Tasking {
  if (spec.input.type === "range") {
    const { count } = spec.input;
    const perTask = spec.recordsPerTask ?? Math.ceil(count / rangeTasks[spec.kind]);
    return { type: "range", count, perTask };
  }
  if (spec.recordsPerTask !== undefined) return { type: "records", perTask: spec.recordsPerTask };
  return roundTasking(spec.kind, spec.input);
}

/**
 * A round takes as long as its slowest runner: shards that are a large part of the input are cut finer, so that it can
 * be shared out evenly. Small inputs are not: there each task's own cost weighs more.
 */
function roundTasking(kind: Kind, { bytes, records }: DatasetInput): Tasking {
  if (kind !== "iterate" || bytes < roundBytesMin || bytes / roundTasksMin > shardBytesMax)
    return { type: "shards" };
  return { type: "records", perTask: Math.max(Math.ceil(records / roundTasksMin), 1) };
}

/** Shards whose records cost much are cut finer, by the fuel that the probe counted. */
function taskingFromProbe(shards: ShardSizes, { summary, control }: StageFinished): Tasking {
  const fuelPerRecord = summary.fuel / Math.max(control?.records ?? probeRecords, 1);
  const perTask = Math.max(Math.floor(fuelPerTaskTarget / Math.max(fuelPerRecord, 1)), 1);
  const largest = shards.reduce((most, shard) => Math.max(most, shard.records), 0);
  return perTask >= largest ? { type: "shards" } : { type: "records", perTask };
}

function mapStage(spec: JobSpec, shards: ShardSizes, number: number, tasking: Tasking): Stage {
  const { tasks } = new TaskTable(tasking, shards);
  const stage: Stage = { number, round: 0, entry: "map", tasks, tasking };
  return spec.kind === "iterate" ? { ...stage, leaves: tasks } : stage;
}

function roundStage(
  spec: JobSpec,
  shards: ShardSizes,
  number: number,
  round: number,
  state: number,
): Stage {
  return { ...mapStage(spec, shards, number, defaultTasking(spec)), round, state };
}

function mergeOrStep(stage: Stage, { summary, topLevel }: StageFinished): Stage {
  const leaves = stage.leaves!;
  const common = {
    number: stage.number + 1,
    round: stage.round,
    from: stage.number,
    state: stage.state!,
    leaves,
  };
  const small = summary.outputs <= stepPartialsMax && summary.bytes <= stepPartialBytesMax;
  const level = Math.max(topLevel, mergeLevel(leaves, summary.outputs));
  if (small || summary.outputs <= 2 || level >= rootLevel(leaves)) {
    return { ...common, entry: "step", tasks: 1 };
  }
  return { ...common, entry: "merge", tasks: Math.ceil(leaves / 2 ** level), level };
}

/** The level whose nodes take in about `mergePartialsTarget` partials each. */
function mergeLevel(leaves: number, partials: number): number {
  const blocks = Math.ceil(partials / mergePartialsTarget);
  return Math.ceil(Math.log2(Math.max(leaves / blocks, 2)));
}
