import type { Command } from "commander";
import type { ServerStatus } from "../../index.ts";
import { type Context, examples } from "../context.ts";
import { bytes, count, duration, plural } from "../format.ts";
import { Exit, exitCodes } from "../report.ts";

/** How the server does, in a few lines; for scripts, too. */
export function operatorStatusCommand(operator: Command, context: Context): void {
  const { terminal, signal } = context;
  operator
    .command("status")
    .option("--json", "print JSON")
    .summary("store, runners, jobs, disk, memory, and what waits for the operator")
    .description("Exits with 1 when the store does not answer or the ledger did not add up.")
    .addHelpText("after", examples("operator status", "operator status --json"))
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const status = await (await context.client(command)).status({ signal });
      if (json) terminal.out.write(`${JSON.stringify(status)}\n`);
      else for (const line of statusLines(status)) terminal.out.write(`${line}\n`);
      if (!status.store.answers || status.ledger?.holds === false) throw new Exit(exitCodes.failed);
    });
}

function statusLines(status: ServerStatus): string[] {
  const { store, runners, disk, ledger, memory, accounts } = status;
  const rows: [string, string][] = [
    ["version", `${status.version}, Node ${status.node}, since ${status.startedAt}`],
    ["store", store.answers ? `${store.kind}, answers` : `${store.kind}: ${store.problem}`],
    [
      "runners",
      `${count(runners.connected)}, ${count(runners.busy)} of ${plural(runners.slots, "slot")} at work`,
    ],
    ["jobs", `${count(status.jobs.active)} under way`],
    ["payouts", `${count(status.payouts.requested)} waiting`],
    ["campaigns", `${count(status.campaigns.running)} running`],
    ["accounts", `${count(accounts.total)}, ${count(accounts.suspended)} suspended`],
    ["memory", bytes(memory.residentBytes)],
    ...(disk
      ? [["disk", `${bytes(disk.freeBytes)} of ${bytes(disk.totalBytes)} free`] as [string, string]]
      : []),
    ["delay", `${duration(status.eventLoop.delayP99Ms)} (event loop, p99)`],
    ["ledger", ledgerText(ledger)],
  ];
  return rows.map(([name, text]) => `${name.padEnd(10)}${text}`);
}

function ledgerText(ledger: ServerStatus["ledger"]): string {
  if (ledger === undefined) return "not verified since the start: sparegrid ledger verify";
  const said = ledger.holds ? "adds up" : (ledger.violation?.message ?? "does not add up");
  return `${said}, verified ${ledger.verifiedAt}`;
}
