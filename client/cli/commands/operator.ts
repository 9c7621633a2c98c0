import type { Command } from "commander";
import { operatorHandle } from "../../../protocol/accounts.ts";
import { type Context, examples } from "../context.ts";
import { table } from "../format.ts";

export function operatorCommand(program: Command, context: Context): void {
  const { terminal, signal } = context;
  const done = (text: string) => terminal.say(`${terminal.colors.green("✔")} ${text}`);
  const operator = program
    .command("operator")
    .summary("for who runs the server: accounts, sign-in links, suspension")
    .addHelpText("after", examples("operator link", "operator accounts", "operator suspend eve"));
  operator
    .command("link")
    .argument("[handle]", "whom it signs in", operatorHandle)
    .summary("make a link that signs an account in, once within an hour")
    .addHelpText("after", examples("operator link", "operator link ada"))
    .action(async (handle: string, _options: object, command: Command) => {
      const client = await context.client(command);
      const { url } = await client.accounts.createLink(handle, { signal });
      terminal.out.write(`${url}\n`);
    });
  operator
    .command("accounts")
    .option("--json", "print JSON, one account a line")
    .summary("list all accounts, newest first")
    .addHelpText("after", examples("operator accounts --json"))
    .action(async (options: { json?: boolean }, command: Command) => {
      const { accounts } = await context.client(command);
      const rows = await Array.fromAsync(accounts.list({ signal }));
      if (options.json) {
        for (const row of rows) terminal.out.write(`${JSON.stringify(row)}\n`);
        return;
      }
      const columns = ["HANDLE", "E-MAIL", "ROLE", "SINCE", ""].map((title) => ({ title }));
      const cells = rows.map(({ handle, email, role, createdAt, suspended }) => [
        handle,
        email ?? "",
        role,
        createdAt.slice(0, 10),
        suspended ? terminal.outColors.red("suspended") : "",
      ]);
      const layout = {
        dim: terminal.outColors.dim,
        width: Math.max(110, terminal.out.columns || 0),
      };
      for (const line of table(columns, cells, layout)) terminal.out.write(`${line}\n`);
    });
  const standing = (name: string, summary: string, suspended: boolean, said: string) =>
    operator
      .command(name)
      .argument("<handle>")
      .summary(summary)
      .addHelpText("after", examples(`operator ${name} eve`))
      .action(async (handle: string, _options: object, command: Command) => {
        const client = await context.client(command);
        await client.accounts.change(handle, { suspended }, { signal });
        done(`${handle} ${said}`);
      });
  standing("suspend", "stop an account's keys, sessions and runners at once", true, "is suspended");
  standing("reinstate", "lift a suspension", false, "may come back");
}
