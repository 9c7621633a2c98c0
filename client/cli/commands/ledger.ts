import type { Command } from "commander";
import { ledgerReportSchema } from "../../../protocol/http-ledger.ts";
import type { LedgerReport } from "../../index.ts";
import { creditsArgument, creditsText } from "../amounts.ts";
import { type Context, examples } from "../context.ts";
import { count, plural } from "../format.ts";
import { operate } from "../operate.ts";
import { Exit, exitCodes } from "../report.ts";
import type { Terminal } from "../terminal.ts";

export function ledgerCommand(program: Command, context: Context): void {
  const { terminal, signal } = context;
  const ledger = program
    .command("ledger")
    .summary("for who runs the server: verify the ledger, grant credits")
    .addHelpText("after", examples("ledger verify", "ledger grant ada 100 --note welcome"));
  ledger
    .command("verify")
    .option("--data-dir <path>", "of a data folder on this machine; the API may run or not")
    .option("--json", "print JSON")
    .summary("replay every transfer from nothing and check every invariant")
    .description(
      "Makes every transfer again, recomputes every balance and hold, and checks that the sum is zero, nothing went below zero, every id and every end is there once, and holds of settled jobs are empty. Exits with 1 when something is wrong, with the rows that show it.",
    )
    .addHelpText("after", examples("ledger verify", "ledger verify --data-dir ./.sparegrid"))
    .action(async (options: { dataDir?: string; json?: boolean }, command: Command) => {
      const { dataDir } = options;
      const report =
        dataDir === undefined
          ? await (await context.client(command)).ledger.verify({ signal })
          : await operate(["verify", "--data-dir", dataDir], ledgerReportSchema);
      if (options.json) terminal.out.write(`${JSON.stringify(report)}\n`);
      else for (const line of reportLines(report, terminal)) terminal.out.write(`${line}\n`);
      if (!report.holds) throw new Exit(exitCodes.failed);
    });
  ledger
    .command("grant")
    .argument("<handle>", "the account")
    .argument("<credits>", "how many", creditsArgument)
    .option("--note <text>", "shown in its history")
    .option("--json", "print JSON")
    .summary("give credits from the mint to an account")
    .addHelpText("after", examples("ledger grant ada 100", "ledger grant ada 100 --note welcome"))
    .action(
      async (
        account: string,
        credits: number,
        { note, json }: { note?: string; json?: boolean },
        command: Command,
      ) => {
        const client = await context.client(command);
        const request = { account, credits, ...(note === undefined ? {} : { note }) };
        const grant = await client.ledger.grant(request, { signal });
        if (json) terminal.out.write(`${JSON.stringify(grant)}\n`);
        else
          terminal.say(`${terminal.colors.green("✔")} ${account} has ${creditsText(credits)} more`);
      },
    );
}

export function reportLines(report: LedgerReport, { outColors }: Terminal): string[] {
  const { transfers, accounts, violation } = report;
  const line = (name: string, credits: number) =>
    `  ${outColors.dim(name.padEnd(20))}${creditsText(credits).padStart(30)}`;
  const totals = [
    `Ledger of ${report.verifiedAt}: ${plural(transfers, "transfer")}, ${plural(accounts, "account")}`,
    line("minted", report.minted),
    line("in wallets", report.inWallets),
    line("in holds", report.inHolds),
    line("in payouts", report.inPayouts),
    line("paid out", report.paid),
    line("platform", report.platform),
    ...(report.elsewhere === 0 ? [] : [line("elsewhere", report.elsewhere)]),
    line(`pending (${count(report.pending)})`, report.pendingAmount),
  ];
  if (!violation)
    return [
      ...totals,
      `${outColors.green("✔")} all invariants hold: every transfer was made again from nothing`,
    ];
  return [
    `${outColors.red("✗")} ${outColors.bold(violation.rule)}: ${violation.message}`,
    ...violation.rows.map((row) => `  ${JSON.stringify(row)}`),
    outColors.dim(
      "what was read before that counts for nothing; restore a backup, or mend it by hand",
    ),
  ];
}
