import { everyonePool, ownPool } from "../../protocol/http-pools.ts";
import type { ServedWork } from "../ports.ts";
import type { Memberships } from "./memberships.ts";

const start = "start one with `sparegrid runner`";

/**
 * Why a job does not move, for people, as far as it is for want of runners that may serve it; undefined when one may.
 * @param owners whose runners are connected
 */
export function waitingForRunner(
  memberships: Memberships,
  work: ServedWork,
  owners: readonly string[],
): string | undefined {
  const { owner, pool = ownPool } = work;
  if (owners.some((runnerOwner) => memberships.mayServe(work, runnerOwner))) return undefined;
  if (pool === everyonePool || owners.length === 0)
    return `No runner is connected. The job waits; ${start}.`;
  if (pool === ownPool)
    return `None of your own runners is connected, and the job may run on no others: ${start}, or submit it with another pool.`;
  if (!memberships.has(pool, owner))
    return "You do not belong to the job's pool any more, so no runner goes on with it. Cancel it, or join the pool again.";
  return `No runner of the job's pool is connected. The job waits; ${start}, or ask a member to.`;
}
