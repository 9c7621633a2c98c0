import { formatCredits } from "../../protocol/money.ts";
import type { Earning } from "../store/port.ts";
import type { Settled } from "./settle-job.ts";
import { costOf } from "./split.ts";

/** Work of a job that was handed out and is not answered, and what there is besides. */
export interface UnderWay {
  /** Tasks that runners hold. */
  tasks: number;
  /** Tasks of the present stage that are not done. */
  left: number;
}

export interface Verdict {
  /** Why the job may not go on, for people; undefined when it may. */
  pausedFor: string | undefined;
}

/**
 * Whether a job may go on with what its hold has left.
 *
 * It may not when it owes something, nor when what is under way will probably cost more than is left, by what tasks have
 * cost so far: a job that went on would owe it. Once paused, it may go on again when as much work as was under way then,
 * or all that there is, would fit.
 *
 * @param held tasks that were under way when it was paused, undefined when it is not
 */
export function mayGoOn(
  { row, owedMicro, leftMicro }: Settled,
  earned: readonly Earning[],
  underWay: UnderWay,
  held: number | undefined,
): Verdict {
  if (owedMicro > 0)
    return {
      pausedFor: `The budget is used up: ${formatCredits(owedMicro)} more are owed for work that was done. A top-up pays them and goes on.`,
    };
  let fuel = 0;
  let tasks = 0;
  for (const one of earned) {
    fuel += one.fuel;
    tasks += one.tasks;
  }
  if (tasks === 0) return { pausedFor: undefined };
  const wanted = held === undefined ? underWay.tasks : Math.max(Math.min(held, underWay.left), 1);
  const expectedMicro = costOf(Math.ceil((fuel / tasks) * Math.max(wanted, underWay.tasks)), row);
  if (expectedMicro <= leftMicro) return { pausedFor: undefined };
  return {
    pausedFor: `The budget is nearly used up: ${formatCredits(leftMicro)} are left, and the next tasks will probably cost ${formatCredits(expectedMicro)}. A top-up goes on.`,
  };
}
