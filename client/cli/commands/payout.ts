import { type Command, Option } from "commander";
import { type PayoutState, payoutStateSchema } from "../../../protocol/http-payouts.ts";
import { formatMinor } from "../../../protocol/minor-units.ts";
import type { Payout } from "../../index.ts";
import { creditsArgument, creditsText } from "../amounts.ts";
import { type Context, examples } from "../context.ts";
import { roughly, table } from "../format.ts";
import { show, stateOf } from "../payout-lines.ts";
import { integer } from "../request.ts";
import { saveBody } from "../save.ts";
import type { Terminal } from "../terminal.ts";
import { payoutOperatorCommands } from "./payout-operator.ts";
import { payoutRatesCommand } from "./payout-rates.ts";

interface ListOptions {
  all?: boolean;
  state?: PayoutState;
  limit: number;
  json?: boolean;
}

export function payoutCommand(program: Command, context: Context): void {
  const { terminal } = context;
  const payout = program
    .command("payout")
    .summary("exchange credits for money: request, list, withdraw, rates")
    .description(
      "Credits become money at the rate that the operator publishes (payout rates). They are set aside until the operator has paid or refused, or you withdraw the request.",
    )
    .addHelpText(
      "after",
      examples("payout rates", 'payout request 500 EUR --to "IBAN DE…"', "payout list"),
    );
  payout
    .command("request")
    .argument("<credits>", "how many", creditsArgument)
    .argument("<currency>", "such as EUR")
    .requiredOption("--to <text>", "where the money goes: an account number, an address")
    .option("--json", "print JSON")
    .summary("ask for money for credits, at the rate that holds now")
    .addHelpText("after", examples('payout request 500 EUR --to "IBAN DE…, Ada Lovelace"'))
    .action(
      async (
        credits: number,
        currency: string,
        options: { to: string; json?: boolean },
        command: Command,
      ) => {
        const client = await context.client(command);
        const made = await client.payouts.request({
          credits,
          currency: currency.toUpperCase(),
          destination: options.to,
        });
        show(made, terminal, options.json);
      },
    );
  payout
    .command("list", { isDefault: true })
    .option("--all", "everybody's (operator)")
    .addOption(new Option("--state <state>").choices(payoutStateSchema.options))
    .option("--limit <n>", "how many", integer, 20)
    .option("--json", "print JSON, one payout a line")
    .summary("list payouts, newest first")
    .addHelpText("after", examples("payout list", "payout list --all --state requested"))
    .action(async (options: ListOptions, command: Command) => {
      const client = await context.client(command);
      const { all, state, limit } = options;
      const query = {
        ...(state === undefined ? {} : { state }),
        limit: Math.max(1, Math.min(limit, 200)),
      };
      const rows: Payout[] = [];
      for await (const row of all ? client.payouts.listAll(query) : client.payouts.list(query)) {
        if (rows.length >= limit) break;
        rows.push(row);
      }
      if (options.json) for (const row of rows) terminal.out.write(`${JSON.stringify(row)}\n`);
      else if (rows.length === 0) terminal.say("no payouts");
      else for (const line of listed(rows, terminal)) terminal.out.write(`${line}\n`);
    });
  payout
    .command("withdraw")
    .argument("<payout...>")
    .summary("take requests back; their credits return")
    .addHelpText("after", examples("payout withdraw pay_01h…"))
    .action(async (ids: string[], _options: object, command: Command) => {
      const client = await context.client(command);
      for (const id of ids) show(await client.payouts.withdraw(id), terminal);
    });
  payout
    .command("export")
    .option("--all", "everybody's (operator)")
    .option("--output <file>", "write it there")
    .summary("print payouts as CSV")
    .addHelpText("after", examples("payout export --output payouts.csv"))
    .action(async (options: { all?: boolean; output?: string }, command: Command) => {
      const client = await context.client(command);
      const answer = await client.payouts.export({
        all: options.all ?? false,
        signal: context.signal,
      });
      await saveBody(answer, terminal, options.output);
    });
  payoutRatesCommand(payout, context);
  payoutOperatorCommands(payout, context);
}

function listed(rows: readonly Payout[], terminal: Terminal): string[] {
  const now = Date.now();
  return table(
    [
      { title: "PAYOUT" },
      { title: "ACCOUNT" },
      { title: "STATE" },
      { title: "CREDITS", right: true },
      { title: "AMOUNT", right: true },
      { title: "AGE", right: true },
      { title: "ABOUT" },
    ],
    rows.map((row) => [
      row.id,
      row.account,
      stateOf(row),
      creditsText(row.credits).replace(/ credits?$/, ""),
      `${formatMinor(row.amount, row.decimals)} ${row.currency}`,
      roughly(now - Date.parse(row.requestedAt)),
      (row.reference ?? row.reason ?? row.destination).replaceAll(/\s+/g, " "),
    ]),
    { dim: terminal.outColors.dim, width: Math.max(120, terminal.out.columns || 0) },
  );
}
