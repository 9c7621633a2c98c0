import { JobProgress } from "../client/cli/job-progress.ts";
import { LivePanel } from "../client/cli/live-panel.ts";
import type { Terminal } from "../client/cli/terminal.ts";
import { subjectOf } from "../client/cli/watch.ts";
import { type Client, GridError, type Job, type SubmitRequest } from "../client/index.ts";
import { handles } from "./platform.ts";

/** On the machines of strangers, for credits. */
export const onAnyMachine = { pool: "everyone" } as const;

export function functionOf(name: string): string {
  return `${handles.author}/${name}`;
}

export interface Followed {
  job: Job;
  progress: JobProgress;
  /** From the first lease to the end. */
  ms: number;
}

/**
 * Runs a job under the same live panel as `sparegrid run`, and computes it even if its results are remembered. @throws GridError when it does not succeed
 */
export async function runLive(
  client: Client,
  terminal: Terminal,
  request: SubmitRequest,
  options: { inputBytes?: number; signal: AbortSignal },
): Promise<Followed> {
  const { inputBytes, signal } = options;
  const submitted = await client.jobs.submit({ memo: false, ...request }, { signal });
  const progress = new JobProgress(subjectOf(submitted, inputBytes));
  const panel = new LivePanel(terminal, {
    lines: (width) => progress.lines(width, terminal.colors, Date.now()),
    plain: () => progress.plain(Date.now()),
  });
  panel.start();
  let job: Job;
  try {
    job = await client.jobs.wait(submitted.id, {
      signal,
      onEvent: (event) => progress.apply(event, Date.now()),
    });
  } finally {
    panel.stop();
  }
  if (job.error !== undefined) throw GridError.fromBody(job.error);
  return { job, progress, ms: Date.parse(job.endedAt ?? "") - Date.parse(job.startedAt ?? "") };
}
