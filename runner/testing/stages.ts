import type { RunnerJob } from "../../protocol/gateway-to-runner.ts";
import { nodeSpan } from "../../protocol/merge-tree.ts";
import type { RunMessage } from "../messages.ts";
import type { Harness, LeaseOutput } from "./harness.ts";

export interface StagesOptions {
  /** One a shard; more than four. */
  tasks: number;
  /** The state that round 1 begins with. */
  state: Buffer;
  last: number;
}

/** The states of rounds 1 to `last`, each by leases of parts of its map, a merge of the first four tasks, and a step. */
export async function statesByStages(
  harness: Harness,
  job: RunnerJob,
  { tasks, state, last }: StagesOptions,
): Promise<Buffer[]> {
  const runs = [
    [0, 1],
    [1, 3],
    [3, 4],
    [4, tasks],
  ] as const;
  const states: Buffer[] = [];
  for (let round = 1; round <= last; round++) {
    const common = { round, leaves: tasks } as const;
    const before = states.at(-1) ?? state;
    const map = { ...common, tasking: { type: "shards" }, hasState: true } as const;
    const maps = runs.map(([lo, hi]) => harness.lease(job, { ...map, lo, hi }, [before]));
    const outputs: LeaseOutput[] = [];
    for (const [i, [, hi]] of runs.entries())
      outputs.push(...(await harness.outputs(maps[i]!, hi)));
    const left = outputs.filter((node) => nodeSpan(node, tasks).hi <= 4);
    const merge = { ...common, entry: "merge", level: 2, partials: refsOf(left) } as const;
    const merged = await harness.outputs(harness.lease(job, merge, bodiesOf(left)), 1);
    const all = [...merged, ...outputs.filter((node) => !left.includes(node))];
    const step = { ...common, entry: "step", hasState: true, partials: refsOf(all) } as const;
    const stepped = harness.lease(job, step, [before, ...bodiesOf(all)]);
    const [next] = await harness.outputs(stepped, 1);
    states.push(next!.body);
  }
  return states;
}

function bodiesOf(outputs: readonly LeaseOutput[]): Buffer[] {
  return outputs.map(({ body }) => body);
}

function refsOf(outputs: readonly LeaseOutput[]): NonNullable<RunMessage["partials"]> {
  return outputs.map(({ level, index, bytes, hash }) => {
    return { task: 0, level, index, bytes, hash, inline: true };
  });
}
