import { JobViews } from "../../api/jobs/job-view.ts";
import { plan } from "../../api/jobs/plan.ts";
import { Progress } from "../../api/jobs/progress.ts";
import type { Store } from "../../api/store/port.ts";
import { digestOf } from "../../protocol/digest.ts";
import type { Control, Entry, JobSpec, Stage } from "../../protocol/job.ts";
import { jobSpec, nowMs, output, request } from "./fixtures.ts";

/** What a stage's answer says to go by, and what must come of it. */
export interface Turn {
  name: string;
  kind: "map" | "iterate";
  entry: Entry;
  control: Control;
  next: Partial<Stage>;
  /** Tasks of all stages of the job, each once. */
  tasks: number;
}

export const fuelPerTask = 400_000_000;

/** All stages whose answer decides what follows; a round has 4 maps. */
export const turns: Turn[] = [
  {
    name: "init",
    kind: "iterate",
    entry: "init",
    control: { done: false, metrics: { seeded: 1 } },
    next: { number: 1, entry: "map", round: 1 },
    tasks: 1 + 5 + 1,
  },
  {
    name: "step-on",
    kind: "iterate",
    entry: "step",
    control: { done: false, metrics: { loss: 2 } },
    next: { number: 3, entry: "map", round: 2 },
    tasks: 1 + 5 + 5 + 1,
  },
  {
    name: "step-done",
    kind: "iterate",
    entry: "step",
    control: { done: true, metrics: { loss: 0 } },
    next: { number: 3, entry: "finish", round: 1 },
    tasks: 1 + 5 + 1,
  },
  {
    // 2 records took all that fuel: each is a task of its own.
    name: "probe",
    kind: "map",
    entry: "probe",
    control: { records: 2 },
    next: { number: 1, entry: "map", tasks: 40 },
    tasks: 1 + 40,
  },
];

export async function beginTurn({ jobs, blobs }: Store, turn: Turn): Promise<string> {
  const id = `job_${turn.name}`;
  const manifest = Buffer.from(
    JSON.stringify({
      format: "lines",
      records: 40,
      bytes: 400,
      shards: [0, 1].map((at) => ({ digest: digestOf(`shard ${at}`), records: 20, bytes: 200 })),
    }),
  );
  const digest = digestOf(manifest);
  await blobs.put(digest, manifest);
  const sizes = { records: 40, shards: 2, bytes: 400 };
  const change: Partial<JobSpec> =
    turn.kind === "map"
      ? { input: { type: "dataset", manifest: digest, format: "lines", ...sizes } }
      : { input: { type: "range", count: 8 }, recordsPerTask: 2 };
  const spec: JobSpec = { ...jobSpec(id), kind: turn.kind, ...change };
  await jobs.create(spec, plan(spec, [{ records: 20 }, { records: 20 }]));
  await jobs.setStatus(id, "running", { nowMs });
  return id;
}

/** Answers all of the current stage for an earner, and advances nothing. */
export async function answerStage(
  { jobs }: Store,
  id: string,
  earner: string,
  control?: Control,
): Promise<void> {
  const [lease] = await jobs.lease(id, request());
  const { token, lo, hi } = lease!;
  const outputs = Array.from({ length: hi - lo }, (_, i) => output(lo + i, { fuel: fuelPerTask }));
  const answer = { token, lo, hi, outputs, earner, ...(control && { control }) };
  const { finished } = await jobs.complete(id, [answer]);
  if (!finished) throw new Error(`${id} has more to do`);
}

/** What advances jobs in a process of its own, with nobody else about. */
export function progressOver(store: Store): Progress {
  return new Progress({
    store,
    views: new JobViews(store, () => nowMs),
    clock: () => nowMs,
    runnersOn: () => 0,
    onStage: () => {},
    onStepped: async () => {},
    onEnded: () => {},
  });
}
