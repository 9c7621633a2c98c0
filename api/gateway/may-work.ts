import { paysEnough } from "../payments/asks.ts";
import type { MayServe, ServedWork } from "../ports.ts";

/** Whether a runner gets this work: it may do it, and the work pays what it asks. */
export type MayWork = (work: ServedWork, runner: AskingRunner) => boolean;

export interface AskingRunner {
  owner: string;
  askHundredths: number;
}

export function mayWorkOf(mayServe: MayServe): MayWork {
  return (work, { owner, askHundredths }) =>
    paysEnough(work, askHundredths) && mayServe(work, owner);
}
