/** Days of UTC, counted from 1970: caps and statistics go by them. */
const dayMs = 86_400_000;

export function dayOf(atMs: number): number {
  return Math.floor(atMs / dayMs);
}

export function dayStartMs(day: number): number {
  return day * dayMs;
}

/** "2026-11-23" */
export function dayText(day: number): string {
  return new Date(dayStartMs(day)).toISOString().slice(0, 10);
}

export function dayOfText(text: string): number {
  return dayOf(Date.parse(text));
}
