import type { Paused, PauseReason } from "../../protocol/runner-offer.ts";

const reasons: Record<PauseReason, string> = {
  asked: "You paused it",
  hours: "Outside the hours you set",
  battery: "This machine is not on mains power",
  "in-use": "Somebody is using this machine",
  busy: "Other programs need the processor",
  network: "Today's data volume is used up",
  memory: "The work needs more memory than you lend",
  other: "The runner has paused",
};

/** Why the runner rests, and until when, in one sentence. Pure. */
export function pauseText({ reason, until }: Paused, nowMs: number): string {
  if (until !== undefined) return `${reasons[reason]}. It goes on ${dayAndTime(until, nowMs)}.`;
  if (reason === "asked") return `${reasons[reason]}, until it is started again.`;
  return `${reasons[reason]}. It goes on by itself.`;
}

function dayAndTime(until: string, nowMs: number): string {
  const time = new Date(until);
  const clock = time.toLocaleTimeString("en", {
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
  });
  if (time.toDateString() === new Date(nowMs).toDateString()) return `at ${clock}`;
  return `on ${time.toLocaleDateString("en", { weekday: "long" })} at ${clock}`;
}
