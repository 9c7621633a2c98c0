import type { JobSpec, Stage } from "../../protocol/job.ts";
import type { Manifest } from "../../protocol/manifest.ts";
import { TaskTable } from "../../protocol/tasking.ts";
import { advance, plan } from "../jobs/plan.ts";
import { isRemembered, type Place, recordsIn } from "./names.ts";
import type { Recall } from "./recall.ts";

/** What of a job's map is remembered. */
export interface Foreseen {
  tasks: number;
  records: number;
  fuel: number;
}

/** What a job would take from what is remembered, were it submitted now. Nothing while its probe is not remembered. */
export async function foresee(
  recall: Pick<Recall, "look">,
  spec: JobSpec,
  shards: Manifest["shards"],
): Promise<Foreseen> {
  const total: Foreseen = { tasks: 0, records: 0, fuel: 0 };
  if (spec.memo !== "use") return total;
  const first = plan(spec, shards);
  if (!isRemembered({ spec, stage: first })) return total;
  const map = first.entry === "probe" ? await probed(recall, spec, shards, first) : first;
  if (!map) return total;
  const place = placeOf(spec, shards, map);
  for (const [task, { outputs }] of await recall.look(place)) {
    total.tasks += 1;
    total.records += recordsIn(place, task);
    for (const { fuel } of outputs) total.fuel += fuel;
  }
  return total;
}

/** The stage that follows a probe, when what that found is remembered. */
async function probed(
  recall: Pick<Recall, "look">,
  spec: JobSpec,
  shards: Manifest["shards"],
  probe: Stage,
): Promise<Stage | undefined> {
  const [known] = (await recall.look(placeOf(spec, shards, probe))).values();
  if (!known) return undefined;
  const fuel = known.outputs.reduce((sum, output) => sum + output.fuel, 0);
  const summary = { outputs: known.outputs.length, bytes: 0, fuel };
  const step = advance(spec, shards, probe, { summary, control: known.control, topLevel: 0 });
  return step.type === "stage" ? step.next : undefined;
}

function placeOf(spec: JobSpec, shards: Manifest["shards"], stage: Stage): Place {
  return { spec, shards, stage, table: stage.tasking && new TaskTable(stage.tasking, shards) };
}
