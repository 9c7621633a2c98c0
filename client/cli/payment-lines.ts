import { setTimeout as sleep } from "node:timers/promises";
import type { Client, Job } from "../index.ts";
import { creditsText } from "./amounts.ts";

const settledMsMax = 2_000;
const lookEveryMs = 50;

/** An ended job as its payment ended, which takes a moment longer; as it is when that takes too long. */
export async function whenSettled(client: Client, job: Job): Promise<Job> {
  const deadlineMs = performance.now() + settledMsMax;
  let known = job;
  while (known.hold?.settled === false && performance.now() < deadlineMs) {
    await sleep(lookEveryMs);
    known = await client.jobs.get(job.id);
  }
  return known;
}

/** Who was paid what, in one line; undefined for a job that costs nothing. */
export function paidLine({ hold }: Job): string | undefined {
  if (hold === undefined) return undefined;
  const { held, spent, owed, settled } = hold;
  const shares = [
    `${creditsText(hold.work)} for the work`,
    hold.royalty > 0 ? `${creditsText(hold.royalty)} to its author` : "",
    hold.fee > 0 ? `${creditsText(hold.fee)} fee` : "",
  ].filter((share) => share !== "");
  const paid = spent > 0 ? `${creditsText(spent)} paid: ${shares.join(", ")}` : "nothing paid";
  const rest = settled
    ? `${creditsText(round(held - spent))} returned`
    : `${creditsText(hold.left)} held`;
  return [paid, rest, owed > 0 ? `${creditsText(owed)} unpaid` : ""]
    .filter((part) => part !== "")
    .join("; ");
}

/** Sums and differences of doubles are off in their last bits. */
function round(credits: number): number {
  return Math.round(credits * 1e6) / 1e6;
}
