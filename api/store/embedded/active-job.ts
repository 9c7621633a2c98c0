import {
  endedStatuses,
  type JobSpec,
  type JobState,
  type JobStatus,
  type Stage,
  type StageSummary,
} from "../../../protocol/job.ts";
import type { Earning } from "../port.ts";
import type { TaskBoard } from "./task-board.ts";

/** What of a job changes, as its row on disk keeps it. */
export interface JobFacts extends Omit<JobState, "spec"> {
  /** Totals over the current stage's outputs. */
  totals: StageSummary;
}

/** A job that has not ended, in memory. */
export interface ActiveJob {
  /** Its number in the database. */
  readonly job: number;
  readonly spec: JobSpec;
  facts: JobFacts;
  board: TaskBoard;
  /** By earner. */
  readonly earned: Map<string, Earning>;
  /** Number of its last event. */
  lastEvent: number;
  /** Stages of which the disk has something. */
  readonly stagesOnDisk: Set<number>;
}

export function newFacts(stage: Stage): JobFacts {
  return {
    status: "queued",
    stage,
    done: 0,
    tasksDone: 0,
    fuel: 0,
    totals: { outputs: 0, bytes: 0, fuel: 0 },
  };
}

/** Counts accepted work for its earner. */
export function earn({ earned }: ActiveJob, earner: string, fuel: number, tasks: number): void {
  const earning = earned.get(earner);
  if (!earning) earned.set(earner, { earner, fuel, tasks });
  else {
    earning.fuel += fuel;
    earning.tasks += tasks;
  }
}

/** A copy, so that callers never see a later change. */
export function stateOf(spec: JobSpec, { totals: _totals, ...facts }: JobFacts): JobState {
  return { spec, ...facts };
}

export function hasEnded(status: JobStatus): boolean {
  return endedStatuses.has(status);
}
