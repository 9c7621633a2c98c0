import type { Control } from "../../../protocol/job.ts";
import type { CompleteOutcome } from "../port.ts";

const resultsOf = { a: "accepted", l: "late", s: "stale" } as const;

/** What complete.lua and recall.lua answer: lines. */
export function readOutcome(reply: string): CompleteOutcome {
  const [results, redundant, stage, done, tasks, finished, outputs, bytes, fuel, control] =
    reply.split("\n");
  const outcome: CompleteOutcome = {
    results: Array.from(results!, (letter) => resultsOf[letter as keyof typeof resultsOf]),
    redundant: redundant === "" ? [] : redundant!.split(" "),
    stage: Number(stage),
    done: Number(done),
    tasks: Number(tasks),
    finished: finished === "1",
  };
  if (!outcome.finished) return outcome;
  const summary = { outputs: Number(outputs), bytes: Number(bytes), fuel: Number(fuel) };
  return { ...outcome, summary, ...(control && { control: JSON.parse(control) as Control }) };
}
