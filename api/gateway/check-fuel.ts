import { GridError } from "../../protocol/errors.ts";
import type { JobLimits } from "../../protocol/job.ts";

/**
 * Fuel is paid for, and the sandbox lets nothing run beyond its limit: who tells of more does not tell what was counted.
 * @param runs how often author code was begun with the whole limit: for each task, merge of two partials, and step
 * @throws GridError runner-fault
 */
export function checkFuel({ fuelPerTask }: JobLimits, runs: number, fuel: number): void {
  if (fuel <= runs * fuelPerTask) return;
  throw new GridError("runner-fault", "An answer claims more fuel than its work could have used.");
}
