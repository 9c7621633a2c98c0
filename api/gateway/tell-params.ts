import type { JobView } from "../jobs/job-view.ts";
import { changedParams } from "./run-message.ts";
import type { HeldLease, RunnerSession } from "./session.ts";

/** Tells the holder of a lease that follows its job of changes of parameters that it does not know. */
export function tellParams(session: RunnerSession, lease: HeldLease, view: JobView): void {
  const changes = view.changes.length;
  if (!lease.follows || lease.changes.told >= changes) return;
  lease.changes.told = changes;
  session.send({ type: "params", lease: lease.token, changed: changedParams(view, changes) });
}
