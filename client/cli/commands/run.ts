import type { Command } from "commander";
import { type Context, examples } from "../context.ts";
import { finishWatch } from "../finish.ts";
import { warnDeprecated } from "../market.ts";
import { UsageError } from "../report.ts";
import { describesJob, type RequestOptions, requestOf } from "../request.ts";
import { watch } from "../watch.ts";

interface RunOptions extends RequestOptions {
  json?: boolean;
  output?: string;
  detach?: boolean;
  fresh?: boolean;
}

export function runCommand(program: Command, context: Context): void {
  describesJob(program.command("run").argument("<function>"))
    .option("--json", "print one JSON event a line, and nothing else")
    .option("--output <file>", "write the result there (- for stdout)")
    .option("--fresh", "compute everything anew, also what is remembered of an earlier run")
    .option("--detach", "print the job's id and leave it running")
    .summary("run a function over a dataset and watch it")
    .description(
      "Submits a job, shows its progress, and ends with the result on stdout (shortened on a terminal, whole in a pipe). Ctrl-C asks whether to cancel the job or leave it running.",
    )
    .addHelpText(
      "after",
      examples(
        "run word-count --dataset moby-dick --output counts.ndjson",
        "run monte-carlo-pi --input 100000000",
        "run k-means --dataset points -p k=16 -p rounds=50 --seed 7",
        "run digits-predict --dataset held-out --use model=job:job_01h…",
      ),
    )
    .action(async (name: string, options: RunOptions, command: Command) => {
      const { terminal } = context;
      if (options.json && options.output !== undefined)
        throw new UsageError("--json prints events only", "sparegrid result ID --output FILE");
      const client = await context.client(command);
      const { request, inputBytes } = await requestOf(client, name, options, context);
      if (options.fresh) request.memo = false;
      const job = await client.jobs.submit(request, { signal: context.signal });
      if (!options.json) warnDeprecated(terminal, job);
      if (options.detach) {
        terminal.out.write(`${options.json ? JSON.stringify(job) : job.id}\n`);
        return;
      }
      const settings = { json: options.json, inputBytes };
      const end = await watch(client, job, terminal, settings);
      await finishWatch(client, job, end, terminal, options);
    });
}
