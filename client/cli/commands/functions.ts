import { type Command, Option } from "commander";
import { functionSortSchema } from "../../../protocol/http-functions.ts";
import { type Kind, kindSchema } from "../../../protocol/job.ts";
import type { FunctionDetail, FunctionSort, FunctionSummary } from "../../index.ts";
import { type Context, examples } from "../context.ts";
import { bytes, metric, plural, roughly, short, table } from "../format.ts";
import type { Terminal } from "../terminal.ts";

const listMax = 200;

interface ListOptions {
  tag?: string;
  kind?: Kind;
  owner?: string;
  sort?: FunctionSort;
  all?: boolean;
  json?: boolean;
}

export function functionsCommand(program: Command, context: Context): void {
  const functions = program
    .command("functions")
    .argument("[name]", "show this one, as `functions show` does")
    .option("--json", "print JSON, one function a line")
    .summary("list, search and show functions")
    .addHelpText(
      "after",
      examples(
        "functions",
        "functions ada/word-count",
        "functions search words --sort runs",
        "functions --json | jq .name",
      ),
    )
    .action((name: string | undefined, options: { json?: boolean }, command: Command) =>
      name === undefined
        ? list(context, command, undefined, options)
        : show(context, command, name, options),
    );
  listOptions(functions.command("list").alias("ls"))
    .summary("list everyone's public functions and yours")
    .addHelpText("after", examples("functions list --owner me", "functions list --sort new"))
    .action((_options: ListOptions, command: Command) =>
      list(context, command, undefined, command.optsWithGlobals<ListOptions>()),
    );
  listOptions(functions.command("search"))
    .argument("<words...>", "in name, title, tags, description or readme")
    .summary("find functions by words")
    .addHelpText(
      "after",
      examples("functions search word count", "functions search cluster --tag ml"),
    )
    .action((words: string[], _options: ListOptions, command: Command) =>
      list(context, command, words.join(" "), command.optsWithGlobals<ListOptions>()),
    );
  functions
    .command("show")
    .argument("<name>", "a name (yours, or the operator's), or owner/name")
    .option("--fn-version <version>", "8 or more characters of it (default: the latest)")
    .option("--json", "print JSON")
    .summary("show a function: parameters, constants, price, usage, versions")
    .addHelpText("after", examples("functions show ada/word-count"))
    .action((name: string, _options: object, command: Command) =>
      show(context, command, name, command.optsWithGlobals()),
    );
}

function listOptions(command: Command): Command {
  return command
    .option("--tag <tag>", "with this tag")
    .addOption(new Option("--kind <kind>").choices(kindSchema.options))
    .option("--owner <handle>", 'of this account, or "me"')
    .addOption(new Option("--sort <by>").choices(functionSortSchema.options))
    .option("--all", "private ones as well, for operators")
    .option("--json", "print JSON, one function a line");
}

async function list(
  context: Context,
  command: Command,
  words: string | undefined,
  options: ListOptions,
): Promise<void> {
  const { terminal } = context;
  const client = await context.client(command);
  const { tag, kind, owner, sort } = options;
  const all = options.all ? "true" : undefined;
  const asked = { q: words, tag, kind, owner, sort, all };
  const query = Object.fromEntries(
    Object.entries(asked).filter(([, value]) => value !== undefined),
  );
  const rows: FunctionSummary[] = [];
  for await (const row of client.functions.list(query)) if (rows.push(row) === listMax) break;
  if (options.json) for (const row of rows) terminal.out.write(`${JSON.stringify(row)}\n`);
  else if (rows.length > 0)
    for (const line of listed(rows, terminal)) terminal.out.write(`${line}\n`);
  else if (Object.keys(query).length > 0) terminal.say("no function is like that");
  else terminal.say("no functions yet: sparegrid publish functions/word-count.ts");
}

async function show(
  context: Context,
  command: Command,
  name: string,
  options: { fnVersion?: string; json?: boolean },
): Promise<void> {
  const { terminal } = context;
  const client = await context.client(command);
  const { fnVersion: version } = options;
  const detail = await client.functions.get(name, version === undefined ? {} : { version });
  if (options.json) terminal.out.write(`${JSON.stringify(detail)}\n`);
  else for (const line of describe(detail, terminal)) terminal.out.write(`${line}\n`);
}

function listed(rows: readonly FunctionSummary[], terminal: Terminal): string[] {
  const now = Date.now();
  return table(
    [
      { title: "NAME" },
      { title: "KIND" },
      { title: "INPUT" },
      { title: "VERSION" },
      { title: "AGE", right: true },
      { title: "RUNS", right: true },
      { title: "ROYALTY", right: true },
      { title: "TITLE" },
    ],
    rows.map((row) => [
      terminal.outColors.bold(row.name),
      row.kind,
      row.input.type === "dataset" ? row.input.format : row.input.type,
      row.version.slice(0, 8),
      roughly(now - Date.parse(row.publishedAt)),
      short(row.usage.runs),
      row.royaltyPercent === 0 ? "–" : `${row.royaltyPercent} %`,
      row.title,
    ]),
    { dim: terminal.outColors.dim, width: terminal.out.columns || 100 },
  );
}

function describe(detail: FunctionDetail, terminal: Terminal): string[] {
  const { bold, dim } = terminal.outColors;
  const input =
    detail.input.type === "dataset" ? `dataset of ${detail.input.format}` : detail.input.type;
  const lines = [
    `${bold(detail.name)}  ${detail.title}`,
    ...(detail.description === undefined ? [] : [detail.description]),
    "",
    `${dim("kind")}     ${detail.kind}`,
    `${dim("input")}    ${input}`,
    `${dim("output")}   ${detail.output.contentType}`,
    `${dim("version")}  ${detail.version.slice(0, 12)} ${dim(`of ${detail.versions.length}, ${bytes(detail.bundleBytes)}`)}`,
    `${dim("shared")}   ${detail.visibility}`,
    `${dim("royalty")}  ${detail.royaltyPercent} %`,
    `${dim("usage")}    ${usageOf(detail)}`,
    ...(detail.tags.length === 0 ? [] : [`${dim("tags")}     ${detail.tags.join(", ")}`]),
    ...(detail.forkedFrom === undefined
      ? []
      : [
          `${dim("forked")}   from ${detail.forkedFrom.name} ${dim(detail.forkedFrom.version.slice(0, 12))}`,
        ]),
    ...(detail.deprecated === undefined
      ? []
      : [terminal.outColors.yellow(`▲ deprecated: ${detail.deprecated}`)]),
  ];
  const params = Object.entries(detail.params.properties);
  if (params.length > 0) lines.push("", dim("parameters"));
  for (const [name, schema] of params) {
    const range = [schema.minimum, schema.maximum].some((bound) => bound !== undefined)
      ? dim(` ${schema.minimum ?? ""}…${schema.maximum ?? ""}`)
      : "";
    const about = schema.description === undefined ? "" : `  ${dim(schema.description)}`;
    lines.push(`  ${name} ${dim(schema.type)}${range} = ${JSON.stringify(schema.default)}${about}`);
  }
  const uses = Object.entries(detail.uses);
  if (uses.length > 0) lines.push("", dim("constants to bind with --use"));
  for (const [name, use] of uses) lines.push(`  ${name}  ${dim(use.description ?? "")}`.trimEnd());
  const deprecated = detail.versions.filter((version) => version.deprecated !== undefined);
  if (deprecated.length > 0) lines.push("", dim("deprecated versions"));
  for (const one of deprecated) lines.push(`  ${one.version.slice(0, 12)}  ${one.deprecated}`);
  if (detail.readme !== undefined) lines.push("", detail.readme.trimEnd());
  return lines;
}

function usageOf({ usage }: FunctionDetail): string {
  if (usage.runs === 0) return "not run yet";
  const success = `${Math.round((usage.successRate ?? 0) * 1000) / 10} % succeeded`;
  const cost =
    usage.costPerMillionRecords === undefined
      ? ""
      : `, ${metric(usage.costPerMillionRecords)} credits for a million records`;
  return `${plural(usage.runs, "run")} by ${plural(usage.users, "account")}, ${success}${cost}`;
}
