/**
 * The life of a campaign, as a state machine without I/O:
 *
 *   draft ── start ─▶ running ◀─ start / pause ─▶ paused
 *     └──────── end ─────┴─────── end ──────────────┴──▶ ended
 *
 * Terms are changed in a draft only. An ended campaign stays ended; what it holds goes back.
 */
import { GridError } from "../../protocol/errors.ts";
import type { CampaignState } from "../../protocol/http-campaigns.ts";

export type CampaignVerb = "edit" | "fund" | "start" | "pause" | "end";

const verbs: Record<CampaignVerb, Partial<Record<CampaignState, CampaignState>>> = {
  edit: { draft: "draft" },
  fund: { draft: "draft", running: "running", paused: "paused" },
  start: { draft: "running", running: "running", paused: "running" },
  pause: { running: "paused", paused: "paused" },
  end: { draft: "ended", running: "ended", paused: "ended", ended: "ended" },
};
const participles: Record<CampaignVerb, string> = {
  edit: "changed",
  fund: "funded",
  start: "started",
  pause: "paused",
  end: "ended",
};

/** The state after it, perhaps the same. @throws GridError conflict when this cannot be done in this state */
export function stepCampaign(state: CampaignState, verb: CampaignVerb): CampaignState {
  const next = verbs[verb][state];
  if (next !== undefined) return next;
  const possible = (Object.keys(verbs) as CampaignVerb[])
    .filter((other) => verbs[other][state] !== undefined && other !== verb)
    .map((other) => participles[other]);
  throw new GridError("conflict", `A campaign that is ${state} cannot be ${participles[verb]}.`, {
    hint: `It can be ${possible.join(" or ")}.`,
  });
}
