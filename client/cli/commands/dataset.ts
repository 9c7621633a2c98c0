import { Readable } from "node:stream";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { DatasetFormat } from "../../../protocol/manifest.ts";
import { datasetFormatSchema } from "../../../protocol/manifest.ts";
import type { Client, Dataset, Visibility } from "../../index.ts";
import { type Context, examples } from "../context.ts";
import { guessFile } from "../file-format.ts";
import { bytes, count, duration, plural, roughly, table } from "../format.ts";
import { visibilityOption } from "../market.ts";
import { UsageError } from "../report.ts";
import type { Terminal } from "../terminal.ts";
import { UploadPanel } from "../upload-panel.ts";

interface PushOptions {
  name?: string;
  visibility?: Visibility;
  format?: DatasetFormat;
  onBadRecord?: "refuse" | "skip";
  columns?: number;
  encoding?: "csv" | "f64" | "f32";
  header?: "auto" | "true" | "false";
  recordBytes?: number;
  json?: boolean;
}

interface ListOptions {
  json?: boolean;
  public?: boolean;
  all?: boolean;
}

const listMax = 200;

export function datasetCommand(program: Command, context: Context): void {
  const dataset = program
    .command("dataset")
    .summary("upload, list, show and remove datasets")
    .addHelpText("after", examples("dataset push moby-dick.txt", "dataset list"));
  pushCommand(dataset, context);
  dataset
    .command("list")
    .alias("ls")
    .option("--public", "everyone's public datasets")
    .option("--all", "everyone's, for operators")
    .option("--json", "print JSON, one dataset a line")
    .summary("list your datasets, newest first")
    .addHelpText("after", examples("dataset list", "dataset list --public"))
    .action(async (options: ListOptions, command: Command) => {
      const rows: Dataset[] = [];
      const client = await context.client(command);
      const filter = {
        ...(options.public ? { visibility: "public" as const } : {}),
        ...(options.all ? { all: true } : {}),
      };
      for await (const row of client.datasets.list(filter)) if (rows.push(row) === listMax) break;
      printList(rows, context.terminal, options.json === true);
    });
  dataset
    .command("show")
    .argument("<dataset>", "its id, or its name (the newest so named)")
    .option("--json", "print JSON")
    .summary("show a dataset and its first records")
    .addHelpText("after", examples("dataset show moby-dick"))
    .action(async (given: string, options: { json?: boolean }, command: Command) => {
      const { terminal } = context;
      const client = await context.client(command);
      const detail = await client.datasets.get(await resolveDataset(client, given));
      if (options.json) {
        terminal.out.write(`${JSON.stringify(detail)}\n`);
        return;
      }
      const { bold, dim } = terminal.outColors;
      const write = (line: string) => terminal.out.write(`${line}\n`);
      write(
        `${bold(detail.name)}  ${dim(`${detail.id} · ${detail.owner} · ${detail.visibility}`)}`,
      );
      write(
        `${detail.format} · ${plural(detail.records, "record")} · ${bytes(detail.bytes)} · ${plural(detail.shards, "shard")}${detail.skipped > 0 ? ` · ${count(detail.skipped)} skipped` : ""}`,
      );
      if (detail.columns !== undefined) write(`${dim("columns")} ${detail.columns.join(", ")}`);
      for (const record of detail.preview.slice(0, 10))
        write(typeof record === "string" ? record : JSON.stringify(record));
    });
  dataset
    .command("share")
    .argument("<dataset>", "its id, or its name (the newest so named)")
    .addOption(
      visibilityOption(
        "private: only you · unlisted: who knows the id · public: all",
      ).makeOptionMandatory(),
    )
    .summary("say who may find and read a dataset")
    .addHelpText("after", examples("dataset share moby-dick --visibility public"))
    .action(async (given: string, options: { visibility: Visibility }, command: Command) => {
      const client = await context.client(command);
      const { colors } = context.terminal;
      const id = await resolveDataset(client, given);
      const { name, visibility } = await client.datasets.change(id, options);
      context.terminal.say(`${colors.green("✔")} ${colors.bold(name)} is ${visibility}`);
    });
  dataset
    .command("rm")
    .argument("<dataset...>", "ids or names")
    .summary("remove datasets")
    .addHelpText("after", examples("dataset rm ds_01h…"))
    .action(async (given: string[], _options: object, command: Command) => {
      const client = await context.client(command);
      for (const one of given) {
        const id = await resolveDataset(client, one);
        await client.datasets.delete(id);
        context.terminal.say(`${context.terminal.colors.green("✔")} removed ${id}`);
      }
    });
}

function pushCommand(dataset: Command, context: Context): void {
  dataset
    .command("push")
    .argument("<file>", "a file, or - for stdin")
    .option("--name <name>", "name (default: the file's name)")
    .addOption(visibilityOption("who may find and read it (default: private)"))
    .addOption(
      new Option("--format <format>", "default: by the file's extension").choices(
        datasetFormatSchema.options,
      ),
    )
    .addOption(
      new Option("--on-bad-record <what>", "refuse the upload, or leave the record out")
        .choices(["refuse", "skip"])
        .default("refuse"),
    )
    .addOption(
      new Option("--encoding <encoding>", "matrix: how numbers are written").choices([
        "csv",
        "f64",
        "f32",
      ]),
    )
    .option("--columns <n>", "matrix: numbers in a row", integer)
    .addOption(
      new Option("--header <whether>", "csv, matrix: is the first row a header").choices([
        "auto",
        "true",
        "false",
      ]),
    )
    .option("--record-bytes <n>", "bytes: size of one record", integer)
    .option("--json", "print the dataset as JSON (default: its id)")
    .summary("upload a dataset, streamed")
    .description(
      "Uploads a dataset in constant memory and prints its id. The format follows from the extension: .txt .log (lines), .csv, .ndjson .jsonl, .f64 .f32 (matrix), .bin (bytes); .gz and .zst are sent compressed as they are.",
    )
    .addHelpText(
      "after",
      examples(
        "dataset push moby-dick.txt.gz --name moby-dick",
        "dataset push digits.csv --format matrix",
        "dataset push points.f64 --columns 16",
        "dataset push - --format lines --name access < access.log",
      ),
    )
    .action(async (file: string, options: PushOptions, command: Command) => {
      const { terminal } = context;
      const client = await context.client(command);
      const guess = file === "-" ? undefined : guessFile(file);
      const format = options.format ?? guess?.format;
      if (format === undefined)
        throw new UsageError(
          `the format of ${file === "-" ? "stdin" : file} is not known`,
          `--format ${datasetFormatSchema.options.join("|")}`,
        );
      const encoding = options.encoding ?? (format === "matrix" ? guess?.encoding : undefined);
      const panel = new UploadPanel(terminal, options.name ?? guess?.name ?? "stdin");
      const startedAtMs = performance.now();
      let uploaded: Dataset;
      try {
        panel.start();
        uploaded = await client.datasets.upload(
          file === "-" ? (Readable.toWeb(terminal.in) as ReadableStream<Uint8Array>) : file,
          {
            format,
            ...given("name", options.name ?? guess?.name),
            ...given("visibility", options.visibility),
            ...given("encoding", encoding),
            ...given("onBadRecord", options.onBadRecord),
            ...given("columns", options.columns),
            ...given("header", options.header),
            ...given("recordBytes", options.recordBytes),
            contentEncoding: guess?.contentEncoding,
            signal: context.signal,
            onProgress: (sent, total) => panel.update(sent, total),
            onResume: (from) => panel.resume(from),
          },
        );
      } finally {
        panel.stop();
      }
      const ms = performance.now() - startedAtMs;
      terminal.out.write(`${options.json ? JSON.stringify(uploaded) : uploaded.id}\n`);
      const skipped = uploaded.skipped > 0 ? `, ${count(uploaded.skipped)} skipped` : "";
      terminal.say(
        `${terminal.colors.green("✔")} ${terminal.colors.bold(uploaded.name)} ${terminal.colors.dim(
          `${plural(uploaded.records, "record")}${skipped} · ${bytes(uploaded.bytes)} · ${plural(uploaded.shards, "shard")} · ${duration(ms)} · ${bytes(uploaded.bytes / (ms / 1000))}/s`,
        )}`,
      );
    });
}

function printList(rows: readonly Dataset[], terminal: Terminal, json: boolean): void {
  if (json) {
    for (const row of rows) terminal.out.write(`${JSON.stringify(row)}\n`);
    return;
  }
  if (rows.length === 0) {
    terminal.say("no datasets yet: sparegrid dataset push FILE");
    return;
  }
  const now = Date.now();
  const lines = table(
    [
      { title: "NAME" },
      { title: "FORMAT" },
      { title: "RECORDS", right: true },
      { title: "SIZE", right: true },
      { title: "SHARDS", right: true },
      { title: "AGE", right: true },
      { title: "OWNER" },
      { title: "SHARED" },
      { title: "ID" },
    ],
    rows.map((row) => [
      terminal.outColors.bold(row.name),
      row.format,
      count(row.records),
      bytes(row.bytes),
      count(row.shards),
      roughly(now - Date.parse(row.createdAt)),
      row.owner,
      row.visibility,
      row.id,
    ]),
    { dim: terminal.outColors.dim, width: Math.max(110, terminal.out.columns || 0) },
  );
  for (const line of lines) terminal.out.write(`${line}\n`);
}

const idPattern = /^ds_[0-9a-z]{10,}$/;
const searchedMax = 1_000;

/** An id as it is; a name as the newest dataset that bears it. @throws UsageError when there is none */
export async function resolveDataset(client: Client, given: string): Promise<string> {
  if (idPattern.test(given)) return given;
  let searched = 0;
  for await (const dataset of client.datasets.list({ limit: 200 })) {
    if (dataset.name === given) return dataset.id;
    if (++searched === searchedMax) break;
  }
  throw new UsageError(`no dataset is named "${given}"`, "sparegrid dataset list shows them");
}

function integer(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("a whole number is needed");
  return Number(text);
}

function given<Name extends string, T>(name: Name, value: T | undefined): { [K in Name]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [K in Name]?: T });
}
