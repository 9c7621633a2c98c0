/**
 * Exponential backoff with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): a uniform draw from
 * [0, min(cap, base·2^attempt)], so that runners that lost one gateway do not come back in one wave.
 * @param attempt 0 for the first retry
 */
export function backoffMs(
  attempt: number,
  { baseMs, capMs, random }: { baseMs: number; capMs: number; random: () => number },
): number {
  return random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
}
