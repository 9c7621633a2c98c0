import { type Command, InvalidArgumentError, Option } from "commander";
import { bidMax, bidMin, bidSchema } from "../../protocol/http-payments.ts";
import type { Client, FunctionDetail, SubmitRequest } from "../index.ts";
import { creditsArgument } from "./amounts.ts";
import { resolveDataset } from "./commands/dataset.ts";
import { type Context, collect } from "./context.ts";
import { UsageError } from "./report.ts";
import { inputOf, paramsOf, usesOf } from "./values.ts";

export interface RequestOptions {
  dataset?: string;
  input?: string;
  param?: string[];
  use?: string[];
  seed?: number;
  recordsPerTask?: number;
  budget?: number;
  bid?: number;
  verify?: "none" | "audit" | "quorum";
  pool?: string;
  fnVersion?: string;
}

/** The options of a command by which a job is described. */
export function describesJob(command: Command): Command {
  return command
    .option("--dataset <id|name>", "the input: an uploaded dataset")
    .option("--input <json|@file>", "the input, inline: JSON, @file or - for stdin")
    .option("-p, --param <name=value>", "a parameter (repeatable)", collect)
    .option("--use <name=binding>", "bind a constant: job:ID, dataset:ID, @file.json", collect)
    .option("--seed <n>", "for the function's random()", integer)
    .option("--records-per-task <n>", "instead of what planning finds", integer)
    .option("--budget <credits>", "hold and spend at most this", creditsArgument)
    .option("--bid <multiple>", "of the function's rate, for machines that ask for more", bid)
    .addOption(new Option("--verify <policy>").choices(["none", "audit", "quorum"]))
    .option(
      "--pool <name>",
      "whose machines: own, everyone, or a pool (default: own if you have any)",
    )
    .option("--fn-version <version>", "of the function (default: the newest)");
}

export async function requestOf(
  client: Client,
  name: string,
  options: RequestOptions,
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
    bid: options.bid,
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

function bid(text: string): number {
  const parsed = bidSchema.safeParse(Number(text));
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(`a multiple from ${bidMin} to ${bidMax} is needed, such as 1.5`);
}
