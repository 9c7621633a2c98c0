import type { Store } from "../../api/store/port.ts";
import { newId } from "../../protocol/ids.ts";
import type { Stage } from "../../protocol/job.ts";
import { jobSpec, stageOf } from "./fixtures.ts";

export interface Context {
  store(): Store;
  /** The same store once more, as another process has it; only when `shared`. */
  open(): Promise<Store>;
  shared: boolean;
  singleTaskLeases: number;
}

/** A new job with `tasks` pending tasks; returns its id. */
export async function newJob(store: Store, tasks: number, stage?: Stage): Promise<string> {
  const id = newId("job", Date.now());
  const made = await store.jobs.create(jobSpec(id), stage ?? stageOf(0, tasks));
  if (made !== "created") throw new Error(`${id} is ${made}`);
  return id;
}

/** Waits until `holds`, for what comes in its own time. */
export async function eventually(holds: () => boolean, withinMs = 5000): Promise<void> {
  const giveUpMs = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > giveUpMs) throw new Error("it did not happen in time");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
