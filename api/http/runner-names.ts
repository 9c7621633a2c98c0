import { digestOf } from "../../protocol/digest.ts";
import type { JobRunner } from "../../protocol/http-live.ts";
import type { JobWorker } from "../ports.ts";

export interface ShownRunner {
  name: string;
  own: boolean;
}

/** What the owner of a job is shown of a machine that works for it: others' are strangers, who keep their names. */
export function shownRunner(
  job: { id: string; owner: string },
  worker: Pick<JobWorker, "runner" | "name" | "owner"> | undefined,
  holder: string,
): ShownRunner {
  if (worker?.owner === job.owner) return { name: worker.name, own: true };
  const mark = digestOf(`${job.id} ${worker?.runner ?? holder}`).slice(0, 4);
  return { name: `machine-${mark}`, own: false };
}

export function jobRunners(
  job: { id: string; owner: string },
  workers: readonly JobWorker[],
): JobRunner[] {
  const held = workers.reduce((sum, { tasks }) => sum + tasks, 0);
  return workers.map((worker) => {
    const { session, leases, tasks, follows } = worker;
    const share = held === 0 ? 0 : Math.round((tasks / held) * 1000) / 1000;
    return { ...shownRunner(job, worker, session), leases, tasks, share, follows };
  });
}
