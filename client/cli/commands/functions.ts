import type { Command } from "commander";
import type { FunctionDetail, FunctionSummary } from "../../index.ts";
import { type Context, examples } from "../context.ts";
import { bytes, roughly, table } from "../format.ts";
import type { Terminal } from "../terminal.ts";

const listMax = 200;

export function functionsCommand(program: Command, context: Context): void {
  program
    .command("functions")
    .argument("[name]", "show this one: parameters, constants, versions")
    .option("--json", "print JSON, one function a line")
    .summary("list functions, or show one")
    .addHelpText(
      "after",
      examples("functions", "functions word-count", "functions --json | jq .name"),
    )
    .action(async (name: string | undefined, options: { json?: boolean }, command: Command) => {
      const { terminal } = context;
      const client = await context.client(command);
      if (name !== undefined) {
        const detail = await client.functions.get(name);
        if (options.json) terminal.out.write(`${JSON.stringify(detail)}\n`);
        else for (const line of describe(detail, terminal)) terminal.out.write(`${line}\n`);
        return;
      }
      const rows: FunctionSummary[] = [];
      for await (const row of client.functions.list()) {
        rows.push(row);
        if (rows.length === listMax) break;
      }
      if (options.json) for (const row of rows) terminal.out.write(`${JSON.stringify(row)}\n`);
      else if (rows.length === 0)
        terminal.say("no functions yet: sparegrid publish functions/word-count.ts");
      else for (const line of listed(rows, terminal)) terminal.out.write(`${line}\n`);
    });
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
      { title: "TITLE" },
    ],
    rows.map((row) => [
      terminal.outColors.bold(row.name),
      row.kind,
      row.input.type === "dataset" ? row.input.format : row.input.type,
      row.version.slice(0, 8),
      roughly(now - Date.parse(row.publishedAt)),
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
  if (detail.readme !== undefined) lines.push("", detail.readme.trimEnd());
  return lines;
}
