import type { Control } from "../../../protocol/job.ts";
import { finish, init, mapShard, mergePacked, resultOutcome, step } from "./iterate.ts";
import { mapOutcome } from "./map.ts";
import { carried, type Groups, gather, reduceOutcome } from "./map-reduce.ts";
import { createMerger } from "./partials.ts";
import { Refusal } from "./refusal.ts";
import type { Outcome } from "./reply.ts";
import type { Run } from "./run.ts";
import type { Source } from "./source.ts";
import { createTrace, enter, noteRound } from "./trace.ts";

/**
 * The whole function on one small input, in memory: the same steps as a job of one task a shard, without the bytes in
 * between that only travel needs. All of it shares one fuel limit.
 */
export function invoke(
  run: Run,
  source: Source,
  { roundsMax, trace }: { roundsMax: number; trace?: true },
): Outcome {
  if (trace === undefined) return whole(run, source, roundsMax);
  run.trace = createTrace(run.definition.kind === "iterate" ? "init" : "map");
  run.trace.records = source.count;
  return { ...whole(run, source, roundsMax), trace: run.trace };
}

function whole(run: Run, source: Source, roundsMax: number): Outcome {
  switch (run.definition.kind) {
    case "map":
      return listed(mapOutcome(run, source, 0, 0, ","));
    case "mapReduce":
      return listed(reduceOutcome(run, gatherAll(run, source), ","));
    case "iterate": {
      const { value, metrics } = rounds(run, [source], roundsMax);
      const outcome = resultOutcome(run, value);
      const last = metrics.at(-1);
      const control: Control = { done: true };
      if (last !== undefined) control.metrics = last;
      return { ...outcome, control };
    }
  }
}

function listed(outcome: Outcome): Outcome {
  return typeof outcome.body === "string" ? { ...outcome, body: `[${outcome.body}]` } : outcome;
}

/** Emitted values by key, ready to be reduced, and checked as if they were to travel. */
export function gatherAll(run: Run, source: Source): Groups {
  enter(run, "map");
  const groups = gather(run, source, 0, 0);
  groups.forEach((values) => {
    carried(values);
  });
  enter(run, "reduce");
  return groups;
}

export interface Iterated {
  value: unknown;
  rounds: number;
  metrics: Record<string, number | null>[];
}

/** Runs an iterate to its end, with one task for each source. */
export function rounds(run: Run, sources: readonly Source[], roundsMax: number): Iterated {
  const { place } = run;
  const metrics: Record<string, number | null>[] = [];
  enter(run, "init");
  let state = init(run, sources[0]);
  for (let round = 1; round <= roundsMax; round++) {
    const merger = createMerger(sources.length, (left, right) => {
      enter(run, "merge");
      return { ...right, packed: mergePacked(run, left.packed, right.packed) };
    });
    let record = 0;
    for (let task = 0; task < sources.length; task++) {
      const source = sources[task]!;
      enter(run, "map");
      const packed = mapShard(run, state, source, { task, shard: task, record, round });
      merger.push({ level: 0, index: task, fuel: 0, packed });
      record += source.count;
    }
    delete place.task;
    delete place.shard;
    delete place.record;
    enter(run, "step");
    const next = step(run, state, merger.nodes[0]!.packed, round);
    state = next.state;
    if (next.control.metrics !== undefined) metrics.push(next.control.metrics);
    noteRound(run, next.control.metrics);
    if (!next.control.done) continue;
    enter(run, "finish");
    return { value: finish(run, state), rounds: round, metrics };
  }
  throw new Refusal(
    "rounds-exhausted",
    `the iteration did not end within ${roundsMax} rounds`,
    "let step return done: true, or allow more rounds",
  );
}
