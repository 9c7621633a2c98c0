import type { Command } from "commander";
import { type Context, examples } from "../context.ts";
import { moneyOf, show } from "../payout-lines.ts";

/** What the operator does with requests. */
export function payoutOperatorCommands(payout: Command, context: Context): void {
  const { terminal } = context;
  payout
    .command("pay")
    .argument("<payout>")
    .option("--reference <text>", "of the payment, once it is made")
    .summary("operator: begin to pay, or note with --reference that it was paid")
    .description(
      "Without --reference the payment begins: the member cannot withdraw the request any more, and where to pay to is shown. With it the payment is done.",
    )
    .addHelpText("after", examples("payout pay pay_01h…", "payout pay pay_01h… --reference SEPA-7"))
    .action(async (id: string, { reference }: { reference?: string }, command: Command) => {
      const client = await context.client(command);
      const paid = await client.payouts.pay(id, reference);
      show(paid, terminal);
      if (paid.state !== "requested") return;
      terminal.say(`pay ${moneyOf(paid)} to:\n${paid.destination}`);
      terminal.say(`then: sparegrid payout pay ${id} --reference REFERENCE`);
    });
  payout
    .command("reject")
    .argument("<payout>")
    .requiredOption("--reason <text>", "which the member reads")
    .summary("operator: refuse a request; its credits return")
    .addHelpText("after", examples('payout reject pay_01h… --reason "no such account"'))
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const client = await context.client(command);
      show(await client.payouts.reject(id, reason), terminal);
    });
}
