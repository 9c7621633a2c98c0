import { everyonePool, ownPool } from "../../protocol/http-pools.ts";
import { type LendingRunner, wants } from "../gateway/may-work.ts";
import { bidOf, paysEnough } from "../payments/asks.ts";
import type { ServedWork } from "../ports.ts";
import type { Memberships } from "./memberships.ts";

const start = "start one with `sparegrid runner`";

/**
 * Why a job does not move, for people, as far as it is for want of runners that may serve it; undefined when one may.
 * @param runners that are connected
 */
export function waitingForRunner(
  memberships: Memberships,
  work: ServedWork,
  runners: readonly LendingRunner[],
): string | undefined {
  const { owner, pool = ownPool } = work;
  const able = runners.filter(
    (runner) => memberships.mayServe(work, runner.owner) && wants(work, runner),
  );
  const awake = able.filter(({ paused }) => !paused);
  if (awake.some(({ askHundredths }) => paysEnough(work, askHundredths))) return undefined;
  if (awake.length > 0) {
    const ask = Math.min(...awake.map(({ askHundredths }) => askHundredths)) / 100;
    return `No runner works for a bid of ${bidOf(work) / 100}: the lowest ask is ${ask}.`;
  }
  if (able.length > 0)
    return `${able.length === 1 ? "The only runner" : "Every runner"} that may do this job is paused. The job waits; ${start} elsewhere, or resume one.`;
  if (pool === everyonePool || runners.length === 0)
    return `No runner is connected. The job waits; ${start}.`;
  if (pool === ownPool)
    return `None of your own runners is connected, and the job may run on no others: ${start}, or submit it with another pool.`;
  if (!memberships.has(pool, owner))
    return "You do not belong to the job's pool any more, so no runner goes on with it. Cancel it, or join the pool again.";
  return `No runner of the job's pool is connected. The job waits; ${start}, or ask a member to.`;
}
