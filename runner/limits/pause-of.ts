import type { Paused } from "../../protocol/runner-offer.ts";
import type { RunnerSettings } from "../../protocol/runner-settings.ts";
import { isWithin, nextWithin, parseWeekHours, weekMinuteOf } from "../../protocol/week-hours.ts";
import { midnightAfter } from "./day-volume.ts";

/** What is known of the machine at one moment; absent is what cannot be told, or nobody has set a limit on. */
export interface Facts {
  nowMs: number;
  onMains?: boolean | undefined;
  /** Since somebody last used it. */
  idleMs?: number | undefined;
  /** What other programs use of all cores together. */
  othersCpuPercent?: number | undefined;
  /** Carried today. */
  networkBytes: number;
  memoryShortUntilMs?: number | undefined;
}

const bytesPerMb = 1024 * 1024;

/**
 * Why the runner should do nothing now, or undefined. What cannot be told stops nothing: a desktop without a battery has
 * no power supply to ask. Pure.
 */
export function pauseOf(settings: RunnerSettings, facts: Facts): Paused | undefined {
  const { nowMs, onMains, idleMs, othersCpuPercent, networkBytes, memoryShortUntilMs } = facts;
  const { pause, hours, mainsOnly, idleMinutes, networkMbPerDay } = settings;
  if (pause === "restart") return { reason: "asked" };
  if (pause !== undefined && Date.parse(pause) > nowMs) return { reason: "asked", until: pause };
  const spans = hours === undefined ? undefined : parseWeekHours(hours);
  if (Array.isArray(spans) && !isWithin(spans, weekMinuteOf(new Date(nowMs))))
    return paused("hours", nextWithin(spans, nowMs));
  if (mainsOnly && onMains === false) return { reason: "battery" };
  if (idleMinutes !== undefined && idleMs !== undefined && idleMs < idleMinutes * 60_000)
    return { reason: "in-use" };
  const busyPercent = settings.othersCpuPercent;
  if (
    busyPercent !== undefined &&
    othersCpuPercent !== undefined &&
    othersCpuPercent >= busyPercent
  )
    return { reason: "busy" };
  if (networkMbPerDay !== undefined && networkBytes >= networkMbPerDay * bytesPerMb)
    return paused("network", midnightAfter(nowMs));
  if (memoryShortUntilMs !== undefined && memoryShortUntilMs > nowMs)
    return paused("memory", memoryShortUntilMs);
  return undefined;
}

function paused(reason: Paused["reason"], untilMs: number | undefined): Paused {
  if (untilMs === undefined) return { reason };
  return { reason, until: new Date(untilMs).toISOString() };
}
