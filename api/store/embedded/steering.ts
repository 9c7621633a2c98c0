import type { ParamChange, PauseCause, Stage } from "../../../protocol/job.ts";
import type { JobFacts } from "./active-job.ts";

/** What consumers and payments do to a running job, on its facts alone. Facts are replaced, lists never changed. */

export const stepReason = "It has done the rounds it was to do.";

/** Pauses it; without `reason` when it is already paused by this one. */
export function paused(facts: JobFacts, by: PauseCause, reason: string): JobFacts | undefined {
  if (facts.pauses?.[by] !== undefined) return undefined;
  const pauses = { ...facts.pauses, [by]: reason };
  const { stepUntil, ...rest } = facts;
  const steps = by === "consumer" || stepUntil === undefined ? {} : { stepUntil };
  return { ...rest, ...steps, status: "paused", pauses };
}

export interface Resumed {
  facts: JobFacts;
  outcome: "resumed" | "held";
}

/** What `resume` of the store makes of it; undefined when it changes nothing and nobody else holds it up. */
export function resumed(
  facts: JobFacts,
  by: PauseCause,
  { nowMs, rounds }: { nowMs: number; rounds?: number },
): Resumed | undefined {
  const { pauses = {}, stepUntil, ...rest } = facts;
  if (pauses[by] === undefined) {
    if (by !== "consumer" || stepUntil === undefined) return undefined;
    // It does a step: more of it, or none.
    const outcome = facts.status === "paused" ? "held" : "resumed";
    if (rounds !== undefined && outcome === "held") return { facts, outcome };
    if (rounds !== undefined)
      return { facts: { ...facts, stepUntil: stepUntil + rounds }, outcome };
    return { facts: facts.pauses ? { ...rest, pauses } : rest, outcome };
  }
  const { [by]: _, ...others } = pauses;
  if (Object.keys(others).length > 0)
    return rounds === undefined
      ? { facts: { ...withStep(rest, stepUntil), pauses: others }, outcome: "held" }
      : { facts, outcome: "held" };
  const until = rounds === undefined ? stepUntil : Math.max(facts.stage.round, 1) + rounds - 1;
  return {
    facts: { ...withStep(rest, until), status: "running", startedAtMs: rest.startedAtMs ?? nowMs },
    outcome: "resumed",
  };
}

function withStep(facts: Omit<JobFacts, "stepUntil">, stepUntil: number | undefined): JobFacts {
  return stepUntil === undefined ? facts : { ...facts, stepUntil };
}

/** Whether `next` is beyond the last round of the job's step. */
export function endsStep({ stepUntil }: JobFacts, next: Stage): boolean {
  return stepUntil !== undefined && next.entry === "map" && next.round > stepUntil;
}

export function inForce(changes: readonly ParamChange[] | undefined): number {
  return changes?.filter(({ round }) => round !== undefined).length ?? 0;
}

/** Puts the next changes in force, each from its round on. */
export function settled(
  changes: readonly ParamChange[],
  rounds: readonly number[],
): readonly ParamChange[] {
  const before = inForce(changes);
  return changes.map((change, i) => {
    const round = rounds[i - before];
    return round === undefined ? change : { ...change, round };
  });
}

/** The rounds to put all changes in force with that are not yet, when this stage begins a round. */
export function roundsToSettle({ stage, paramChanges }: JobFacts): number[] {
  if (!paramChanges || (stage.entry !== "map" && stage.entry !== "init")) return [];
  const left = paramChanges.length - inForce(paramChanges);
  return Array.from({ length: left }, () => stage.round);
}
