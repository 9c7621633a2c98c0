import { type Command, Option } from "commander";
import { endedStatuses, type JobStatus, jobStatusSchema } from "../../../protocol/job.ts";
import { GridError, type Job, type JobSummary } from "../../index.ts";
import { creditsArgument, creditsText } from "../amounts.ts";
import { type Context, examples } from "../context.ts";
import { ended, finishWatch, rememberedOf, spentMs } from "../finish.ts";
import { count, duration, metric, plural, roughly, short, table } from "../format.ts";
import { paidLine } from "../payment-lines.ts";
import { Exit, exitCodes, reportError } from "../report.ts";
import { integer } from "../request.ts";
import { showResult } from "../show-result.ts";
import { statusMark } from "../status-mark.ts";
import type { Terminal } from "../terminal.ts";
import { watch } from "../watch.ts";
import { steeringCommands } from "./job-steering.ts";

interface ListOptions {
  status?: JobStatus;
  function?: string;
  limit: number;
  all?: boolean;
  json?: boolean;
}

export function jobsCommands(program: Command, context: Context): void {
  const { terminal } = context;
  const jobs = program
    .command("jobs")
    .summary("list jobs, newest first; `jobs show ID` shows one")
    .addOption(new Option("--status <status>").choices(jobStatusSchema.options))
    .option("--function <name>")
    .option("--limit <n>", "how many", integer, 20)
    .option("--all", "everyone's, for operators")
    .option("--json", "print JSON, one job a line")
    .addHelpText("after", examples("jobs", "jobs --status failed", "jobs show job_01h…"))
    .action(async (options: ListOptions, command: Command) => {
      const client = await context.client(command);
      const rows: JobSummary[] = [];
      const { status, function: name } = options;
      for await (const row of client.jobs.list({
        ...(status === undefined ? {} : { status }),
        ...(name === undefined ? {} : { function: name }),
        ...(options.all ? { all: "true" } : {}),
        limit: Math.min(options.limit, 200),
      })) {
        if (rows.length >= options.limit) break;
        rows.push(row);
      }
      if (options.json) for (const row of rows) terminal.out.write(`${JSON.stringify(row)}\n`);
      else if (rows.length === 0) terminal.say("no jobs");
      else for (const line of listed(rows, terminal)) terminal.out.write(`${line}\n`);
    });
  jobs
    .command("show")
    .argument("<job>")
    .option("--all", "also someone else's, for operators")
    .option("--json", "print JSON")
    .summary("show a job")
    .addHelpText("after", examples("jobs show job_01h…"))
    .action(async (id: string, _options: object, command: Command) => {
      const client = await context.client(command);
      const { json, all } = command.optsWithGlobals<{ json?: boolean; all?: boolean }>();
      const job = await client.jobs.get(id, { all });
      if (json) terminal.out.write(`${JSON.stringify(job)}\n`);
      else await showJob(job, terminal);
    });
  jobs
    .command("topup")
    .argument("<job>")
    .argument("<credits>", "", creditsArgument)
    .summary("put more credits into a job's hold")
    .description("What the job owes is paid first. A job that was paused for its money goes on.")
    .addHelpText("after", examples("jobs topup job_01h… 5"))
    .action(async (id: string, credits: number, _options: object, command: Command) => {
      const client = await context.client(command);
      const job = await client.jobs.topUp(id, credits);
      const left = creditsText(job.hold?.left ?? 0);
      terminal.say(`${statusMark(job.status, terminal.colors)} ${id} ${job.status}, ${left} held`);
    });
  steeringCommands(jobs, context);
  watchCommand(program, context);
  program
    .command("result")
    .argument("<job>")
    .option("--output <file>", "write it there")
    .option("--accept <type>", "another representation, such as application/octet-stream")
    .summary("print a job's result")
    .addHelpText("after", examples("result job_01h… | head", "result job_01h… --output out.ndjson"))
    .action(async (id: string, options: { output?: string; accept?: string }, command: Command) => {
      const client = await context.client(command);
      const result = await client.jobs.result(id, {
        ...(options.accept === undefined ? {} : { accept: options.accept }),
        signal: context.signal,
      });
      await showResult(result, terminal, options.output);
    });
  program
    .command("cancel")
    .argument("<job...>")
    .option("--all", "also someone else's, for operators")
    .summary("stop jobs")
    .addHelpText("after", examples("cancel job_01h…"))
    .action(async (ids: string[], { all }: { all?: boolean }, command: Command) => {
      const client = await context.client(command);
      for (const id of ids) {
        const job = await client.jobs.cancel(id, { all });
        terminal.say(`${statusMark(job.status, terminal.colors)} ${id} ${job.status}`);
      }
    });
}

function watchCommand(program: Command, context: Context): void {
  const { terminal } = context;
  program
    .command("watch")
    .argument("<job>")
    .option("--json", "print one JSON event a line, and nothing else")
    .option("--output <file>", "write the result there")
    .summary("follow a job to its end")
    .addHelpText("after", examples("watch job_01h…", "watch job_01h… --json | jq .type"))
    .action(async (id: string, options: { json?: boolean; output?: string }, command: Command) => {
      const client = await context.client(command);
      const job = await client.jobs.get(id);
      if (endedStatuses.has(job.status) && !options.json) {
        if (job.status !== "cancelled") return ended(client, job, terminal, options.output);
        terminal.say(`${statusMark(job.status, terminal.colors)} ${id} was cancelled`);
        throw new Exit(exitCodes.interrupted);
      }
      const end = await watch(client, job, terminal, { json: options.json });
      await finishWatch(client, job, end, terminal, options);
    });
}

function listed(rows: readonly JobSummary[], terminal: Terminal): string[] {
  const now = Date.now();
  const owned = rows.some(({ owner }) => owner !== undefined);
  return table(
    [
      { title: "" },
      { title: "JOB" },
      { title: "FUNCTION" },
      ...(owned ? [{ title: "OWNER" }] : []),
      { title: "STATUS" },
      { title: "TIME", right: true },
      { title: "AGE", right: true },
      { title: "ERROR" },
    ],
    rows.map((row) => {
      const ms = spentMs(row);
      return [
        statusMark(row.status, terminal.outColors),
        row.id,
        row.function,
        ...(owned ? [row.owner ?? ""] : []),
        row.status,
        ms === undefined ? "" : duration(ms),
        roughly(now - Date.parse(row.createdAt)),
        row.error?.code ?? "",
      ];
    }),
    { dim: terminal.outColors.dim, width: Math.max(100, terminal.out.columns || 0) },
  );
}

async function showJob(job: Job, terminal: Terminal): Promise<void> {
  const { bold, dim } = terminal.outColors;
  const row = (name: string, value: string): void => {
    terminal.out.write(`${dim(name.padEnd(9))} ${value}\n`);
  };
  terminal.out.write(
    `${statusMark(job.status, terminal.outColors)} ${bold(job.function)} ${job.status} ${dim(job.id)}\n`,
  );
  row("version", job.version.slice(0, 12));
  row("created", job.createdAt);
  const ms = spentMs(job);
  if (ms !== undefined) row("took", duration(ms));
  if (!endedStatuses.has(job.status)) {
    row(
      "stage",
      `${job.stage} (${job.entry}), ${job.progress.done}/${plural(job.progress.total, "task")}`,
    );
    if (job.waitingFor !== undefined) row("waits for", job.waitingFor);
  }
  if (job.kind === "iterate") row("rounds", count(job.round));
  for (const { round, params } of job.paramChanges ?? [])
    row(round === undefined ? "next" : `round ${round}`, JSON.stringify(params));
  row("records", count(job.records));
  row("tasks", count(job.tasksDone));
  const remembered = rememberedOf(job);
  if (remembered !== undefined) row("remembered", remembered);
  row("fuel", short(job.fuel));
  const paid = paidLine(job);
  if (paid !== undefined) row("money", paid);
  row("seed", String(job.seed));
  if (Object.keys(job.params).length > 0) row("params", JSON.stringify(job.params));
  for (const [name, value] of Object.entries(job.metrics)) row(name, metric(value));
  if (job.error !== undefined) await reportError(terminal, GridError.fromBody(job.error));
}
