import type { ServedWork } from "../ports.ts";
import { bidHundredthsDefault, isFree } from "./orders.ts";

/** Whether work pays what a runner asks. On its owner's own machines nothing is paid, and nothing asked. */
export function paysEnough(work: ServedWork, askHundredths: number): boolean {
  return isFree(work) || bidOf(work) >= askHundredths;
}

/** Hundredths of the rate. */
export function bidOf({ bidHundredths = bidHundredthsDefault }: ServedWork): number {
  return bidHundredths;
}
