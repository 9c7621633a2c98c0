import { ownPool } from "../../protocol/http-pools.ts";
import { paysEnough } from "../payments/asks.ts";
import type { MayServe, RunnerInfo, ServedWork } from "../ports.ts";

/** Whether a runner gets this work: it may do it, its owner wants it to, and the work pays what it asks. */
export type MayWork = (work: ServedWork, runner: LendingRunner) => boolean;

export type LendingRunner = Pick<RunnerInfo, "owner" | "askHundredths" | "paused" | "servesOnly">;

export function mayWorkOf(mayServe: MayServe): MayWork {
  return (work, runner) =>
    runner.paused === undefined &&
    wants(work, runner) &&
    paysEnough(work, runner.askHundredths) &&
    mayServe(work, runner.owner);
}

/** Whether the runner's owner lends it to the work's pool. */
export function wants(
  { pool = ownPool }: ServedWork,
  { servesOnly }: Pick<LendingRunner, "servesOnly">,
): boolean {
  return servesOnly === undefined || servesOnly.pools.has(pool);
}
