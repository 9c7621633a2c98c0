import type { JobEvent } from "../../protocol/events.ts";
import type { Client, Job, WatchedEvent } from "../index.ts";
import { JobProgress, type ProgressSubject } from "./job-progress.ts";
import { LivePanel } from "./live-panel.ts";
import { messageOf } from "./report.ts";
import type { Terminal } from "./terminal.ts";

export type WatchEnd =
  | { type: "ended"; job: Job; progress: JobProgress }
  /** The user left; the job goes on. */
  | { type: "detached" }
  | { type: "cancelled"; job: Job };

export interface WatchSettings {
  /** Print each event as a line of JSON to stdout, and show nothing else. */
  json?: boolean | undefined;
  /** Bytes of the input, for MB/s. */
  inputBytes?: number | undefined;
  signal?: AbortSignal | undefined;
}

const waitingPollMs = 3_000;

/** Follows a job with a live panel until it ends or the user, by Ctrl-C, cancels it or leaves. */
export async function watch(
  client: Client,
  job: Job,
  terminal: Terminal,
  settings: WatchSettings = {},
): Promise<WatchEnd> {
  const progress = new JobProgress(subjectOf(job, settings.inputBytes));
  const panel = new LivePanel(terminal, {
    lines: (width) => progress.lines(width, terminal.colors, Date.now()),
    plain: () => progress.plain(Date.now()),
  });
  const leave = new AbortController();
  const signal = settings.signal ? AbortSignal.any([leave.signal, settings.signal]) : leave.signal;
  const over = new AbortController();
  const askable = settings.json !== true && terminal.in.isTTY && terminal.err.isTTY;
  const onInterrupt = interruptHandler({ job, terminal, panel, leave, askable, over: over.signal });
  process.on("SIGINT", onInterrupt);
  const waiting = setInterval(
    () => void noteWaiting(client, job.id, progress, signal),
    waitingPollMs,
  );
  if (settings.json !== true) panel.start();
  try {
    for await (const event of client.jobs.events(job.id, {
      signal,
      onReconnect: (error) => {
        progress.note = `connection lost (${messageOf(error)}), resuming…`;
      },
    })) {
      progress.apply(event, Date.now());
      if (settings.json === true) printEvent(terminal, job.id, event);
      else showEvent(terminal, panel, event);
    }
    const ended = await client.jobs.get(job.id, { signal });
    return { type: "ended", job: ended, progress };
  } catch (error) {
    const choice: unknown = leave.signal.reason;
    if (!leave.signal.aborted) throw error;
    if (choice !== "cancel") return { type: "detached" };
    return { type: "cancelled", job: await client.jobs.cancel(job.id) };
  } finally {
    over.abort();
    clearInterval(waiting);
    process.off("SIGINT", onInterrupt);
    panel.stop();
  }
}

export function subjectOf(job: Job, bytes: number | undefined): ProgressSubject {
  const asked = job.params.rounds ?? job.params.epochs ?? job.params.iterations;
  return {
    function: job.function,
    kind: job.kind,
    records: job.records,
    bytes,
    rounds: typeof asked === "number" ? asked : undefined,
  };
}

function printEvent(terminal: Terminal, job: string, { number, ...event }: WatchedEvent): void {
  terminal.out.write(`${JSON.stringify({ job, number, ...event })}\n`);
}

/** What deserves a line of its own, beside the panel. */
function showEvent(terminal: Terminal, panel: LivePanel, event: JobEvent): void {
  const { colors } = terminal;
  if (event.type === "params") panel.log(`from round ${event.round} on: ${assigned(event.params)}`);
  if (event.type === "log") panel.log(`${colors.dim(`task ${event.task}:`)} ${event.line}`);
  if (event.type === "task" && event.state !== "copied") {
    const range =
      event.hi - event.lo > 1 ? `tasks ${event.lo}–${event.hi - 1}` : `task ${event.lo}`;
    panel.log(colors.yellow(`${range} ${event.state}: ${event.reason}`));
  }
}

function assigned(params: Readonly<Record<string, unknown>>): string {
  return Object.entries(params)
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
    .join(", ");
}

/** A job that does not move usually waits for something that the API knows. */
async function noteWaiting(
  client: Client,
  id: string,
  progress: JobProgress,
  signal: AbortSignal,
): Promise<void> {
  if (progress.status !== "queued" && progress.recordsPerSecond(Date.now()) > 0) return;
  const job = await client.jobs.get(id, { signal }).catch(() => undefined);
  if (job !== undefined) progress.note = job.waitingFor ?? "";
}

type Choice = "cancel" | "detach" | "watch";

interface Interruptible {
  job: Job;
  terminal: Terminal;
  panel: LivePanel;
  /** Aborted with the choice when the user leaves. */
  leave: AbortController;
  /** Whether there is a terminal to ask on. */
  askable: boolean;
  /** Aborts when there is nothing left to watch, and so nothing to ask. */
  over: AbortSignal;
}

/** The first Ctrl-C asks; a second one, or one without a terminal to ask on, leaves the job running. */
function interruptHandler(watching: Interruptible): () => void {
  const { panel, leave, askable, over } = watching;
  let asking = false;
  return () => {
    if (asking || !askable) {
      leave.abort("detach");
      return;
    }
    asking = true;
    panel.pause();
    void ask(watching).then((choice) => {
      asking = false;
      if (over.aborted) return;
      if (choice === "watch") panel.start();
      else leave.abort(choice);
    });
  };
}

async function ask({ job, terminal, over }: Interruptible): Promise<Choice> {
  try {
    const { select } = await import("@inquirer/prompts"); // 35 ms that most commands never need
    return await select<Choice>(
      {
        message: `${job.function} is still running`,
        choices: [
          { name: "Keep watching", value: "watch" },
          { name: "Leave it running", value: "detach", description: `sparegrid watch ${job.id}` },
          { name: "Cancel the job", value: "cancel" },
        ],
      },
      { output: terminal.err, input: terminal.in, signal: over },
    );
  } catch {
    return "detach"; // Ctrl-C in the prompt, or the job ended meanwhile
  }
}
