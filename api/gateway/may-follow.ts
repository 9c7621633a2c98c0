import { leaseTasksMax } from "../../protocol/limits.ts";
import type { JobView } from "../jobs/job-view.ts";
import { type LeaseSizing, roundMsOf } from "./lease-sizing.ts";
import type { RunnerSession } from "./session.ts";

/** What sharing a round among runners costs over doing it on one, ms: the messages of its map and step. */
const sharingMs = 3;
/** In longer rounds messages do not count, and what a lost runner takes with it does: they are shared and told in parts. */
const alongMsMax = 1_000;
/** A round that leaves more to be merged is better merged where it lies. */
const partialBytesMax = 4 * 1024 * 1024;

/**
 * Whether a runner should do this round and those after it as a whole, its step included: when it is the only one, or
 * when a round is so short that sharing it would take longer. Never when a round is long. Pure.
 * @param slots of all runners
 */
export function mayFollow(
  view: JobView,
  session: Pick<RunnerSession, "slots">,
  { sizing, slots }: { sizing: Pick<LeaseSizing, "unitMs">; slots: number },
): boolean {
  const { spec, stage, partialBytes } = view;
  if (spec.kind !== "iterate" || stage.entry !== "map" || stage.tasks > leaseTasksMax) return false;
  const roundMs = roundMsOf(view, sizing);
  if (roundMs === undefined || partialBytes === undefined || partialBytes > partialBytesMax)
    return false;
  if (roundMs / session.slots > alongMsMax) return false;
  return session.slots >= slots || roundMs / session.slots < roundMs / slots + sharingMs;
}
