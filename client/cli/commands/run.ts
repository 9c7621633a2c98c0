import { type Command, InvalidArgumentError, Option } from "commander";
import type { Client, FunctionDetail, SubmitRequest } from "../../index.ts";
import { type Context, collect, examples } from "../context.ts";
import { finishWatch } from "../finish.ts";
import { warnDeprecated } from "../market.ts";
import { UsageError } from "../report.ts";
import { inputOf, paramsOf, usesOf } from "../values.ts";
import { watch } from "../watch.ts";
import { resolveDataset } from "./dataset.ts";

interface RunOptions {
  dataset?: string;
  input?: string;
  param?: string[];
  use?: string[];
  seed?: number;
  recordsPerTask?: number;
  budget?: number;
  verify?: "none" | "audit" | "quorum";
  pool?: string;
  fnVersion?: string;
  json?: boolean;
  output?: string;
  detach?: boolean;
}

export function runCommand(program: Command, context: Context): void {
  program
    .command("run")
    .argument("<function>")
    .option("--dataset <id|name>", "the input: an uploaded dataset")
    .option("--input <json|@file>", "the input, inline: JSON, @file or - for stdin")
    .option("-p, --param <name=value>", "a parameter (repeatable)", collect)
    .option("--use <name=binding>", "bind a constant: job:ID, dataset:ID, @file.json", collect)
    .option("--seed <n>", "for the function's random()", integer)
    .option("--records-per-task <n>", "instead of what planning finds", integer)
    .option("--budget <credits>", "spend at most", Number)
    .addOption(new Option("--verify <policy>").choices(["none", "audit", "quorum"]))
    .option(
      "--pool <name>",
      "whose machines: own, everyone, or a pool (default: own if you have any)",
    )
    .option("--fn-version <version>", "of the function (default: the newest)")
    .option("--json", "print one JSON event a line, and nothing else")
    .option("--output <file>", "write the result there (- for stdout)")
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

async function requestOf(
  client: Client,
  name: string,
  options: RunOptions,
  context: Context,
): Promise<{ request: SubmitRequest; inputBytes: number | undefined }> {
  if (options.dataset !== undefined && options.input !== undefined)
    throw new UsageError("give either --dataset or --input");
  const detail = await client.functions.get(
    name,
    options.fnVersion === undefined ? {} : { version: options.fnVersion },
  );
  if (options.dataset === undefined && options.input === undefined) throw noInput(detail);
  const dataset =
    options.dataset === undefined ? undefined : await resolveDataset(client, options.dataset);
  const inputBytes = dataset === undefined ? undefined : (await client.datasets.get(dataset)).bytes;
  const all = {
    dataset,
    input:
      options.input === undefined ? undefined : await inputOf(options.input, context.terminal.in),
    params: paramsOf(options.param ?? [], detail.params),
    uses: await usesOf(options.use ?? []),
    seed: options.seed,
    recordsPerTask: options.recordsPerTask,
    budget: options.budget,
    verify: options.verify,
    pool: options.pool,
    version: options.fnVersion,
  };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return { request: { function: name, ...given } as SubmitRequest, inputBytes };
}

function noInput({ name, input }: FunctionDetail): UsageError {
  switch (input.type) {
    case "range":
      return new UsageError(`${name} needs to know how many`, `sparegrid run ${name} --input 1000`);
    case "items":
      return new UsageError(`${name} takes a list`, `sparegrid run ${name} --input @items.json`);
    default:
      return new UsageError(
        `${name} needs a dataset of ${input.format}`,
        `sparegrid run ${name} --dataset NAME (sparegrid dataset list shows them)`,
      );
  }
}

export function integer(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("a whole number is needed");
  return Number(text);
}
