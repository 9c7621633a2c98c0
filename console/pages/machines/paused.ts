import type { Paused, PauseReason } from "../../../protocol/runner-offer.ts";
import { when } from "../../lib/format.ts";

const reasons: Record<PauseReason, string> = {
  asked: "You paused it",
  hours: "It is not one of the hours in which you lend it",
  battery: "It runs on battery",
  "in-use": "Somebody uses it",
  busy: "Other programs need it",
  network: "The day's data volume is used up",
  memory: "What it works on needs more memory than you lend",
  other: "It paused itself",
};

/** Why a runner does nothing, and until when. Pure. */
export function pausedText({ reason, until }: Paused): string {
  const why = reasons[reason];
  return until === undefined ? `${why}.` : `${why}. It goes on at ${when(until)}.`;
}
