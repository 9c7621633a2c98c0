/** How often and how patiently a request is repeated. Times in ms. */
export interface RetryPolicy {
  /** Attempts in all, the first included; 1 never repeats. */
  attemptsMax: number;
  /** The first pause; each further one doubles. */
  baseMs: number;
  /** No pause is longer, whatever Retry-After asks for: then the error is given to the caller instead. */
  pauseMsMax: number;
  /** A server that has answered before and now cannot be reached is taken to be restarting, and tried for so long. */
  outageMsMax: number;
}

/** Attempts take about a second in all: long enough for a busy moment, short enough to be told of a wrong URL. */
export const retryPolicyDefault: RetryPolicy = {
  attemptsMax: 4,
  baseMs: 150,
  pauseMsMax: 10_000,
  outageMsMax: 30_000,
};

/** Between attempts to reach a server that is restarting: it is back within seconds, so pauses stay short. */
export const outagePauseMsMax = 1_000;

/** Exponential backoff with full jitter (AWS Architecture Blog, 2015) over the upper half, so that it never is 0. */
export function pauseMs(
  policy: Pick<RetryPolicy, "baseMs" | "pauseMsMax">,
  attempt: number,
  random = Math.random,
): number {
  const ceiling = Math.min(policy.pauseMsMax, policy.baseMs * 2 ** (attempt - 1));
  return ceiling * (0.5 + random() / 2);
}

/** Retry-After (RFC 9110: seconds or a date) as ms from now; undefined when absent or unreadable. */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

/** @throws the signal's reason when it aborts meanwhile */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", aborted, { once: true });
    function done(): void {
      signal?.removeEventListener("abort", aborted);
      resolve();
    }
    function aborted(): void {
      clearTimeout(timer);
      reject(signal?.reason);
    }
  });
}
