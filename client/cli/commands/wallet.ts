import { type Command, InvalidArgumentError } from "commander";
import { transferKindSchema } from "../../../protocol/http-ledger.ts";
import type { Wallet, WalletEntry } from "../../index.ts";
import { creditsText } from "../amounts.ts";
import { type Context, examples } from "../context.ts";
import { cut, short, table } from "../format.ts";
import { integer } from "../request.ts";
import { saveBody } from "../save.ts";
import type { Terminal } from "../terminal.ts";

interface HistoryFlags {
  kind?: WalletEntry["kind"][];
  job?: string;
  from?: Date;
  to?: Date;
  limit: number;
  csv?: string;
  json?: boolean;
}

export function walletCommand(program: Command, context: Context): void {
  const { terminal, signal } = context;
  const wallet = program
    .command("wallet")
    .option("--json", "print JSON")
    .summary("show your credits; `wallet history` shows where they came from and went to")
    .addHelpText("after", examples("wallet", "wallet history --kind work,royalty"))
    .action(async (options: { json?: boolean }, command: Command) => {
      const found = await (await context.client(command)).wallet.get({ signal });
      if (options.json) terminal.out.write(`${JSON.stringify(found)}\n`);
      else for (const line of walletLines(found, terminal)) terminal.out.write(`${line}\n`);
    });
  wallet
    .command("history")
    .option("--kind <kinds>", `of these kinds: ${transferKindSchema.options.join(",")}`, kinds)
    .option("--job <id>", "of this job's hold, instead of the wallet")
    .option("--from <date>", "from then on, such as 2027-01-31", date)
    .option("--to <date>", "before that", date)
    .option("--limit <n>", "how many", integer, 30)
    .option("--csv <file>", "write all of it there as CSV; - for stdout")
    .option("--json", "print JSON, one entry a line")
    .summary("list where credits came from and went to, newest first")
    .addHelpText(
      "after",
      examples(
        "wallet history",
        "wallet history --job job_01h…",
        "wallet history --from 2027-01-01 --csv january.csv",
      ),
    )
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<HistoryFlags>();
      const { kind, job, from, to, limit } = options;
      const filter = { kinds: kind, job, from, to, signal };
      const client = await context.client(command);
      if (options.csv !== undefined)
        return saveBody(await client.wallet.export(filter), terminal, options.csv);
      const rows: WalletEntry[] = [];
      for await (const row of client.wallet.history({ ...filter, limit: Math.min(limit, 200) })) {
        if (rows.length >= limit) break;
        rows.push(row);
      }
      if (options.json) for (const row of rows) terminal.out.write(`${JSON.stringify(row)}\n`);
      else if (rows.length === 0) terminal.say("nothing yet");
      else for (const line of historyLines(rows, terminal)) terminal.out.write(`${line}\n`);
    });
}

function kinds(given: string): WalletEntry["kind"][] {
  return given.split(",").map((kind) => {
    const parsed = transferKindSchema.safeParse(kind);
    if (parsed.success) return parsed.data;
    throw new InvalidArgumentError(`"${kind}" is none of ${transferKindSchema.options.join(", ")}`);
  });
}

function date(given: string): Date {
  const parsed = new Date(given);
  if (!Number.isNaN(parsed.getTime())) return parsed;
  throw new InvalidArgumentError("a date is needed, such as 2027-01-31 or 2027-01-31T12:00Z");
}

function walletLines(wallet: Wallet, { outColors }: Terminal): string[] {
  const { available, held, heldForJobs, heldForCampaigns, onItsWayIn, onItsWayOut } = wallet;
  const line = (name: string, credits: number, more = "") =>
    `${outColors.dim(name.padEnd(16))}${creditsText(credits)}${outColors.dim(more)}`;
  const parts =
    heldForJobs > 0 && heldForCampaigns > 0
      ? `  (jobs ${creditsText(heldForJobs)}, campaigns ${creditsText(heldForCampaigns)})`
      : heldForJobs > 0
        ? "  (jobs)"
        : heldForCampaigns > 0
          ? "  (campaigns)"
          : "";
  return [
    line("available", available),
    line("held", held, parts),
    ...(onItsWayOut > 0 ? [line("on its way out", onItsWayOut)] : []),
    ...(onItsWayIn > 0 ? [line("on its way in", onItsWayIn)] : []),
  ];
}

function historyLines(rows: readonly WalletEntry[], terminal: Terminal): string[] {
  const { outColors } = terminal;
  const cells = rows.map((row) => [
    row.at.slice(0, 16).replace("T", " "),
    row.kind,
    amountText(row, terminal),
    cut(row.otherSide, 30),
    row.state === "posted" ? "" : row.state,
    aboutText(row),
  ]);
  return table(
    [
      { title: "WHEN (UTC)" },
      { title: "KIND" },
      { title: "CREDITS", right: true },
      { title: "FROM / TO" },
      { title: "STATE" },
      { title: "FOR" },
    ],
    cells,
    { dim: outColors.dim, width: terminal.out.columns || 130 },
  );
}

function amountText(row: WalletEntry, { outColors }: Terminal): string {
  const credits = row.state === "posted" ? row.moved : row.amount;
  const text = creditsText(credits).replace(/ credits?$/, "");
  if (row.state === "voided" || row.state === "expired") return outColors.dim(text);
  return row.direction === "in" ? outColors.green(`+${text}`) : `-${text}`;
}

function aboutText({
  function: name,
  runner,
  fuel,
  calls,
  note,
  job,
  otherSide,
}: WalletEntry): string {
  return [
    name,
    runner && `on ${runner}`,
    fuel !== undefined && `${short(fuel)} fuel`,
    calls !== undefined && `${calls} calls`,
    job !== undefined && !otherSide.includes(job) && job,
    note,
  ]
    .filter(Boolean)
    .join(" · ");
}
