import { followJob } from "../../lib/live/event-feed.ts";
import { Rounds } from "../../lib/live/rounds.ts";

const ended = new Set(["succeeded", "failed", "cancelled"]);
/** What a job that still runs has told by then is compared. */
const quietMs = 500;

/** The rounds that a job has done so far. @throws the signal's reason */
export function roundsOf(job: string, signal: AbortSignal): Promise<Rounds> {
  const rounds = new Rounds(1_000);
  return new Promise((resolve, reject) => {
    let timer = setTimeout(finish, 10 * quietMs);
    const close = followJob(job, {
      event(event) {
        clearTimeout(timer);
        timer = setTimeout(finish, quietMs);
        if (event.type === "round") rounds.add(event.round, event.metrics, event.ms);
        if (event.type === "status" && ended.has(event.status)) finish();
      },
      connected: () => undefined,
    });
    function finish(): void {
      clearTimeout(timer);
      close();
      resolve(rounds);
    }
    signal.addEventListener("abort", () => {
      finish();
      reject(signal.reason);
    });
  });
}

interface MetricChart {
  metric: string;
  x: number[];
  series: { label: string; values: (number | null)[] }[];
}

/** One chart for each metric, with both jobs over the rounds that either has. Pure. */
export function byMetric(jobs: readonly Pick<Rounds, "rounds" | "series">[]): MetricChart[] {
  const x = [...new Set(jobs.flatMap(({ rounds }) => rounds))].sort((a, b) => a - b);
  const metrics = [...new Set(jobs.flatMap(({ series }) => [...series.keys()]))];
  return metrics.map((metric) => ({
    metric,
    x,
    series: jobs.map(({ rounds, series }, index) => {
      const at = new Map(
        rounds.map((round, place) => [round, series.get(metric)?.[place] ?? null]),
      );
      return { label: "AB"[index] ?? "", values: x.map((round) => at.get(round) ?? null) };
    }),
  }));
}
