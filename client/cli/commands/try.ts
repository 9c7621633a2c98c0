import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { GridError } from "../../../protocol/errors.ts";
import type { Tried, TriedOutput, TryRequest } from "../../../protocol/http-try.ts";
import type { Client } from "../../index.ts";
import { creditsText } from "../amounts.ts";
import { reportAuthored } from "../author-position.ts";
import { type Context, collect, examples } from "../context.ts";
import { bytes, count, duration, metric, plural, short, sparkline } from "../format.ts";
import { UsageError } from "../report.ts";
import { integer } from "../request.ts";
import { valueText } from "../show-result.ts";
import type { Terminal } from "../terminal.ts";
import { inputOf, paramsOf, usesOf } from "../values.ts";
import { resolveDataset } from "./dataset.ts";

interface Options {
  input?: string;
  dataset?: string;
  records?: number;
  param?: string[];
  use?: string[];
  seed?: number;
  fuelMax?: number;
  output?: string;
  json?: boolean;
}

const sparkWidth = 40;

export function tryCommand(program: Command, context: Context): void {
  program
    .command("try")
    .argument("<file>", "TypeScript whose default export is a function of the SDK")
    .option("--input <json|@file>", "what it is run on, inline: JSON, @file or - for stdin")
    .option("--dataset <id|name>", "instead: the first records of a dataset")
    .option("--records <n>", "how many of them (default: 200)", integer)
    .option("-p, --param <name=value>", "a parameter (repeatable)", collect)
    .option("--use <name=binding>", "bind a constant: job:ID, dataset:ID, @file.json", collect)
    .option("--seed <n>", "for the function's random()", integer)
    .option("--fuel-max <n>", "end it after so much", integer)
    .option("--output <file>", "write a picture, or other bytes, there")
    .option("--json", "print the whole answer")
    .summary("run a function once, on a sample, before it is published")
    .description(
      "Runs a function that is not published, on the server: on an input, on the first records of a dataset, else on its own example, else on something made up. It has a few seconds. Nothing is stored or paid.",
    )
    .addHelpText(
      "after",
      examples(
        "try functions/word-count.ts",
        `try fn.ts --input '["to be or not to be"]'`,
        "try functions/k-means.ts --dataset points --records 500 -p k=8",
      ),
    )
    .action(async (file: string, options: Options, command: Command) => {
      const { terminal } = context;
      const { collectSource, nameOfFile } = await import("../../source.ts");
      const name = nameOfFile(file);
      try {
        const collected = await collectSource(file);
        const client = await context.client(command);
        const request = { name, ...collected, ...(await workOf(client, options, terminal)) };
        const tried = await client.functions.try(request, { signal: context.signal });
        if (options.json === true) terminal.out.write(`${JSON.stringify(tried)}\n`);
        else await show(tried, terminal, options.output);
      } catch (error) {
        if (error instanceof GridError) showLogs(terminal, error.details.logs ?? []);
        await reportAuthored(terminal, error, file, name);
      }
    });
}

async function workOf(
  client: Client,
  options: Options,
  terminal: Terminal,
): Promise<Omit<TryRequest, "source" | "files" | "name">> {
  const { dataset, records, seed, fuelMax } = options;
  if (dataset !== undefined && options.input !== undefined)
    throw new UsageError("give either --dataset or --input");
  if (records !== undefined && dataset === undefined)
    throw new UsageError("--records are those of a --dataset");
  const input =
    dataset !== undefined
      ? {
          dataset: await resolveDataset(client, dataset),
          ...(records === undefined ? {} : { records }),
        }
      : options.input === undefined
        ? undefined
        : await inputOf(options.input, terminal.in);
  const params = paramsOf(options.param ?? []);
  const uses = await usesOf(options.use ?? []);
  return {
    ...(input === undefined ? {} : { input }),
    ...(params === undefined ? {} : { params }),
    ...(uses === undefined ? {} : { uses }),
    ...(seed === undefined ? {} : { seed }),
    ...(fuelMax === undefined ? {} : { fuelMax }),
  };
}

/** The result to stdout; the rest, for people, to stderr. */
async function show(tried: Tried, terminal: Terminal, file: string | undefined): Promise<void> {
  const { colors, say } = terminal;
  showLogs(terminal, tried.logs);
  showRounds(terminal, tried);
  await showOutput(tried.output, terminal, file);
  const { description, fuel, durationMs, price } = tried;
  say(
    `${colors.green("✔")} ${colors.bold(description.title)} ${colors.dim(`(${description.kind}) on ${inputText(tried)}`)}`,
  );
  const entries = Object.entries(tried.fuelByEntry);
  const split =
    entries.length > 1
      ? ` (${entries.map(([entry, spent]) => `${entry} ${short(spent)}`).join(", ")})`
      : "";
  say(colors.dim(`  ${short(fuel)} fuel${split} · ${duration(durationMs)} of compute`));
  const whole = price.dataset;
  const all =
    whole === undefined
      ? ""
      : ` · about ${creditsText(micro(whole.cost.expected))} for all ${plural(whole.records, "record")} of the dataset`;
  say(colors.dim(`  ${creditsText(micro(price.perMillionRecords))} for a million records${all}`));
}

/** Sums of rounded parts may be finer than a microcredit. */
function micro(credits: number): number {
  return Number(credits.toFixed(6));
}

function showLogs({ colors, say }: Terminal, logs: readonly string[]): void {
  for (const line of logs) say(`${colors.dim("│")} ${line}`);
}

function showRounds({ colors, say }: Terminal, { rounds = [], roundCount }: Tried): void {
  if (roundCount === undefined) return;
  say(colors.dim(plural(roundCount, "round")));
  for (const name of Object.keys(rounds[0] ?? {})) {
    const values = rounds.map((each) => each[name] ?? null);
    say(`  ${name} ${colors.cyan(sparkline(values, sparkWidth))} ${metric(values.at(-1) ?? null)}`);
  }
}

async function showOutput(
  output: TriedOutput,
  terminal: Terminal,
  file: string | undefined,
): Promise<void> {
  const { out, colors, say } = terminal;
  if (output.type === "bytes") {
    const content = Buffer.from(output.base64, "base64");
    if (file !== undefined && file !== "-") await writeFile(file, content);
    else if (!out.isTTY) out.write(content);
    else say(colors.dim(`${bytes(output.bytes)} of ${output.contentType}; --output FILE saves it`));
  } else {
    const text = output.type === "text" ? output.text : valueText(output.value, terminal).text;
    if (file !== undefined && file !== "-") await writeFile(file, `${text}\n`);
    else out.write(`${text}\n`);
  }
  const { cut } = output;
  if (cut) say(colors.dim(`… ${count(cut.shown)} of ${plural(cut.of, cut.unit.slice(0, -1))}`));
}

function inputText({ input, sampleRecords }: Tried): string {
  const records = plural(sampleRecords, "record");
  if (input.from === "example") return `its own example, ${records}`;
  if (input.from === "synthesized") return `an input that was made up, ${records}`;
  return input.from === "dataset" ? `the dataset's first ${records}` : records;
}
