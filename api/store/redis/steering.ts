import type { JobState, ParamChange } from "../../../protocol/job.ts";

/** Fields of a job's hash that people change while it runs (see shared.lua). */
export const steeringFields = [
  "pause:budget",
  "pause:consumer",
  "stepUntil",
  "changes",
  "changeRounds",
] as const;

type Value = string | null | undefined;

export function readSteering([
  budget,
  consumer,
  stepUntil,
  changes,
  rounds,
]: readonly Value[]): Pick<JobState, "pauses" | "stepUntil" | "paramChanges"> {
  // A reason may be empty.
  const pauses = {
    ...(typeof budget === "string" && { budget }),
    ...(typeof consumer === "string" && { consumer }),
  };
  return {
    ...(Object.keys(pauses).length > 0 && { pauses }),
    ...(stepUntil && { stepUntil: Number(stepUntil) }),
    ...(changes && { paramChanges: readChanges(changes, rounds) }),
  };
}

function readChanges(lines: string, rounds: Value): ParamChange[] {
  const inForce = rounds ? rounds.split(" ").map(Number) : [];
  return lines.split("\n").map((line, i) => {
    const change = JSON.parse(line) as ParamChange;
    return inForce[i] === undefined ? change : { ...change, round: inForce[i] };
  });
}
