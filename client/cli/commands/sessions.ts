import type { Command } from "commander";
import type { BrowserSession } from "../../index.ts";
import { type Context, examples } from "../context.ts";
import { plural, roughly, table } from "../format.ts";
import { UsageError } from "../report.ts";
import type { Terminal } from "../terminal.ts";

export function sessionsCommand(program: Command, context: Context): void {
  const { terminal, signal } = context;
  const done = (text: string) => terminal.say(`${terminal.colors.green("✔")} ${text}`);
  const sessions = program
    .command("sessions")
    .summary("where you are signed in with a browser: list, end")
    .addHelpText("after", examples("sessions", "sessions end ses_01h…", "sessions end --others"));
  sessions
    .command("list", { isDefault: true })
    .option("--json", "print JSON, one session a line")
    .summary("list your sessions, the last used first")
    .addHelpText("after", examples("sessions", "sessions list --json"))
    .action(async (options: { json?: boolean }, command: Command) => {
      const rows = await (await context.client(command)).accounts.sessions({ signal });
      if (options.json) for (const row of rows) terminal.out.write(`${JSON.stringify(row)}\n`);
      else printList(rows, terminal);
    });
  sessions
    .command("end")
    .argument("[session...]", "ids, as the list shows them")
    .option("--others", "all; this command has a key, and so none of its own")
    .summary("end sessions, at once: whoever used them has to sign in again")
    .addHelpText("after", examples("sessions end ses_01h…", "sessions end --others"))
    .action(async (ids: string[], options: { others?: boolean }, command: Command) => {
      if (ids.length > 0 === (options.others === true))
        throw new UsageError("give sessions to end, or --others", "sparegrid sessions lists them");
      const { accounts } = await context.client(command);
      if (options.others) {
        const ended = await accounts.endOtherSessions({ signal });
        done(`${plural(ended, "session")} ended`);
      }
      for (const id of ids) {
        await accounts.endSession(id, { signal });
        done(`ended ${id}`);
      }
    });
}

function printList(rows: readonly BrowserSession[], terminal: Terminal): void {
  const { dim } = terminal.outColors;
  const ago = (time: string) => `${roughly(Date.now() - Date.parse(time))} ago`;
  const columns = ["DEVICE", "ADDRESS", "LAST USED", "SIGNED IN", "ID"];
  const lines = table(
    columns.map((title) => ({ title })),
    rows.map(({ device, address, lastUsedAt, createdAt, startedBy, id }) => [
      device ?? "unknown",
      address ?? "",
      ago(lastUsedAt),
      startedBy === "link" ? `${ago(createdAt)}, by link` : ago(createdAt),
      id,
    ]),
    { dim, width: Math.max(110, terminal.out.columns || 0) },
  );
  for (const line of lines) terminal.out.write(`${line}\n`);
}
