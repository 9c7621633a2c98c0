import type { Campaign } from "../../../protocol/http-campaigns.ts";

export interface Standing {
  label: string;
  tone: "neutral" | "good" | "info" | "warn" | "bad";
  live?: boolean;
}

/** How a campaign stands, as people say it: one that runs may wait for its day, or for credits. Pure. */
export function standingOf(campaign: Campaign, nowMs: number): Standing {
  const { state, startsAt, budget, creditsPerView, endedBy } = campaign;
  if (state === "draft") return { label: "draft", tone: "neutral" };
  if (state === "paused") return { label: "paused", tone: "warn" };
  if (state === "ended")
    return endedBy === "operator"
      ? { label: "stopped by the operator", tone: "bad" }
      : { label: "ended", tone: "neutral" };
  if (budget < creditsPerView) return { label: "out of budget", tone: "warn" };
  if (Date.parse(startsAt) > nowMs) return { label: "scheduled", tone: "info" };
  return { label: "running", tone: "good", live: true };
}

/** Days with views as a chart has them: oldest first, without gaps, up to today (UTC), at most so many. Pure. */
export function dayBars(
  days: readonly { day: string; opened: number; completed: number }[],
  nowMs: number,
  daysMax: number,
): { day: string; value: number; part: number }[] {
  const dayMs = 86_400_000;
  const known = new Map(days.map((one) => [one.day, one]));
  return Array.from({ length: daysMax }, (_, at) => {
    const day = new Date(nowMs - (daysMax - 1 - at) * dayMs).toISOString().slice(0, 10);
    const { opened = 0, completed = 0 } = known.get(day) ?? {};
    return { day, value: opened, part: completed };
  });
}
