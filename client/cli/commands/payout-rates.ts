import type { Command } from "commander";
import { currencySchema } from "../../../protocol/currency.ts";
import { decimalsOf, formatMinor } from "../../../protocol/minor-units.ts";
import type { PayoutRate } from "../../index.ts";
import { creditsOrNone, creditsText, minorArgument } from "../amounts.ts";
import { type Context, examples } from "../context.ts";
import { table } from "../format.ts";
import { UsageError } from "../report.ts";
import type { Terminal } from "../terminal.ts";

const listMax = 200;

interface SetOptions {
  minimum: number;
  fee: string;
  from?: string;
  json?: boolean;
}

export function payoutRatesCommand(payout: Command, context: Context): void {
  const { terminal } = context;
  const rates = payout
    .command("rates")
    .option("--history", "also those that were, and will be")
    .option("--json", "print JSON, one rate a line")
    .summary("what credits are worth; `payout rates set` publishes (operator)")
    .addHelpText("after", examples("payout rates", "payout rates --history"))
    .action(async (options: { history?: boolean; json?: boolean }, command: Command) => {
      const client = await context.client(command);
      const rows: PayoutRate[] = [];
      for await (const row of client.payouts.rates({ current: !options.history }))
        if (rows.push(row) === listMax) break;
      if (options.json) for (const row of rows) terminal.out.write(`${JSON.stringify(row)}\n`);
      else if (rows.length === 0) terminal.say("no rate is published");
      else for (const line of listed(rows, terminal)) terminal.out.write(`${line}\n`);
    });
  rates
    .command("set")
    .argument("<currency>", "such as EUR")
    .argument("<per-credit>", "money for one credit, such as 0.0083; 0: no longer exchanged")
    .option(
      "--minimum <credits>",
      "that a payout has at least; needed unless the rate is 0",
      creditsOrNone,
      0,
    )
    .option("--fee <money>", "kept back from each payout", "0")
    .option("--from <time>", "ISO 8601; now unless said")
    .summary("operator: publish a rate")
    .addHelpText("after", examples("payout rates set EUR 0.0083 --minimum 500 --fee 0.50"))
    .action(async (given: string, perCredit: string, options: SetOptions, command: Command) => {
      const currency = given.toUpperCase();
      if (!currencySchema.safeParse(currency).success)
        throw new UsageError(`"${given}" is no currency`, "three letters of ISO 4217, such as EUR");
      const decimals = decimalsOf(currency);
      const client = await context.client(command);
      const rate = await client.payouts.setRate({
        currency,
        decimals,
        minorPerCredit: minorArgument(perCredit, decimals, "<per-credit>"),
        minimum: options.minimum,
        fee: minorArgument(options.fee, decimals, "--fee"),
        ...(options.from === undefined ? {} : { validFrom: timeOf(options.from) }),
      });
      if (command.optsWithGlobals<SetOptions>().json)
        terminal.out.write(`${JSON.stringify(rate)}\n`);
      else for (const line of listed([rate], terminal)) terminal.out.write(`${line}\n`);
    });
}

function timeOf(text: string): string {
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs))
    throw new UsageError(`"${text}" is no time`, "such as 2027-01-01T00:00:00Z");
  return new Date(atMs).toISOString();
}

function listed(rows: readonly PayoutRate[], terminal: Terminal): string[] {
  return table(
    [
      { title: "CURRENCY" },
      { title: "1,000 CREDITS", right: true },
      { title: "MINIMUM", right: true },
      { title: "FEE", right: true },
      { title: "FROM" },
      { title: "" },
    ],
    rows.map((rate) => [
      terminal.outColors.bold(rate.currency),
      rate.minorPerCredit === 0
        ? "not exchanged"
        : formatMinor(Math.floor(rate.minorPerCredit * 1_000), rate.decimals),
      creditsText(rate.minimum),
      formatMinor(rate.fee, rate.decimals),
      rate.validFrom,
      rate.current ? "now" : "",
    ]),
    { dim: terminal.outColors.dim, width: terminal.out.columns || 100 },
  );
}
