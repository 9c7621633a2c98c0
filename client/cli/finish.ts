import { GridError } from "../../protocol/errors.ts";
import type { Client, Job } from "../index.ts";
import { count, duration, plural, short } from "./format.ts";
import { paidLine, whenSettled } from "./payment-lines.ts";
import { Exit, exitCodes, reportError } from "./report.ts";
import { showResult } from "./show-result.ts";
import type { Terminal } from "./terminal.ts";
import type { WatchEnd } from "./watch.ts";

/** What follows a watch: a line that says how the job ended, the result, and the exit code. @throws Exit */
export async function finishWatch(
  client: Client,
  job: Job,
  end: WatchEnd,
  terminal: Terminal,
  options: { json?: boolean; output?: string },
): Promise<void> {
  const { colors, say } = terminal;
  if (end.type === "detached") {
    if (!options.json) {
      say(`${colors.yellow("●")} ${job.function} goes on: sparegrid watch ${job.id}`);
      say(colors.dim(`  sparegrid cancel ${job.id} stops it`));
    }
    throw new Exit(exitCodes.interrupted);
  }
  if (options.json) {
    if (end.type === "cancelled") throw new Exit(exitCodes.interrupted);
    if (end.job.status === "succeeded") return;
    throw new Exit(end.job.status === "cancelled" ? exitCodes.interrupted : exitCodes.failed);
  }
  if (end.type === "cancelled" || end.job.status === "cancelled") {
    say(`${colors.yellow("●")} ${job.function} was cancelled ${colors.dim(job.id)}`);
    const paid = paidLine(await whenSettled(client, await client.jobs.get(job.id)));
    if (paid !== undefined) say(colors.dim(`  ${paid}`));
    throw new Exit(exitCodes.interrupted);
  }
  await ended(client, end.job, terminal, options.output);
}

/** @throws Exit when the job failed */
export async function ended(
  client: Client,
  job: Job,
  terminal: Terminal,
  output: string | undefined,
): Promise<void> {
  const { colors, say } = terminal;
  const settled = await whenSettled(client, job);
  const paid = paidLine(settled);
  const sayPaid = () => {
    if (paid !== undefined) say(colors.dim(`  ${paid}`));
  };
  if (job.status === "failed") {
    say(`${colors.red("✘")} ${colors.bold(job.function)} failed ${colors.dim(job.id)}`);
    sayPaid();
    const body = job.error ?? { code: "internal" as const, message: "The job failed." };
    throw new Exit(await reportError(terminal, GridError.fromBody(body)));
  }
  say(`${colors.green("✔")} ${colors.bold(job.function)} ${colors.dim(summaryOf(job))}`);
  sayPaid();
  await showResult(await client.jobs.result(job.id), terminal, output);
}

function summaryOf(job: Job): string {
  const ms = spentMs(job);
  return [
    ms === undefined ? "" : duration(ms),
    job.kind === "iterate" ? plural(job.round, "round") : plural(job.records, "record"),
    `${short(job.fuel)} fuel`,
    rememberedOf(job) ?? "",
    job.id,
  ]
    .filter((part) => part !== "")
    .join(" · ");
}

/** How much of a job cost nothing; undefined when all of it was computed. */
export function rememberedOf({ remembered, tasksDone }: Job): string | undefined {
  if (!remembered) return undefined;
  return `${count(remembered.tasks)} of ${plural(remembered.tasks + tasksDone, "task")} remembered`;
}

/** From its first lease to its end. */
export function spentMs(job: Pick<Job, "startedAt" | "endedAt">): number | undefined {
  if (job.startedAt === undefined || job.endedAt === undefined) return undefined;
  return Date.parse(job.endedAt) - Date.parse(job.startedAt);
}
