import { type Command, Option } from "commander";
import { type Role, roleSchema } from "../../../protocol/accounts.ts";
import type { Account } from "../../index.ts";
import { type Context, examples } from "../context.ts";
import { table } from "../format.ts";
import { quotaChangesOf, quotaLines } from "../quotas.ts";
import type { Terminal } from "../terminal.ts";

interface MembersOptions {
  json?: boolean;
  role?: Role;
  suspended?: boolean;
}

/** Who there is, and how much each may have. */
export function operatorMemberCommands(operator: Command, context: Context): void {
  const { terminal, signal } = context;
  operator
    .command("members")
    .alias("accounts")
    .argument("[text]", "part of a handle, name or e-mail address")
    .addOption(new Option("--role <role>", "only those").choices(roleSchema.options))
    .option("--suspended", "only those that are suspended")
    .option("--json", "print JSON, one account a line")
    .summary("list all accounts, newest first, or look for some")
    .addHelpText("after", examples("operator members", "operator members ada --json"))
    .action(async (q: string | undefined, options: MembersOptions, command: Command) => {
      const { accounts } = await context.client(command);
      const { role, suspended } = options;
      const rows = await Array.fromAsync(accounts.list({ q, role, suspended, signal }));
      if (options.json) for (const row of rows) terminal.out.write(`${JSON.stringify(row)}\n`);
      else printList(rows, terminal);
    });
  operator
    .command("quota")
    .argument("<handle>")
    .argument("[change...]", "name=number, or name=default")
    .option("--json", "print JSON")
    .summary("show how much an account has and may have, or allow it more or less")
    .addHelpText(
      "after",
      examples(
        "operator quota ada",
        "operator quota ada functions=2000 datasetBytes=500GB",
        "operator quota ada functions=default",
      ),
    )
    .action(
      async (handle: string, changes: string[], options: { json?: boolean }, command: Command) => {
        const given = quotaChangesOf(changes);
        const { accounts } = await context.client(command);
        const { quotas } = given
          ? await accounts.change(handle, { quotas: given }, { signal })
          : await accounts.get(handle, { signal });
        if (options.json) terminal.out.write(`${JSON.stringify(quotas)}\n`);
        else for (const line of quotaLines(quotas, terminal)) terminal.out.write(`${line}\n`);
      },
    );
}

function printList(rows: readonly Account[], terminal: Terminal): void {
  const columns = ["HANDLE", "E-MAIL", "ROLE", "SINCE", ""].map((title) => ({ title }));
  const cells = rows.map(({ handle, email, role, createdAt, suspended }) => [
    handle,
    email ?? "",
    role,
    createdAt.slice(0, 10),
    suspended ? terminal.outColors.red("suspended") : "",
  ]);
  const layout = { dim: terminal.outColors.dim, width: Math.max(110, terminal.out.columns || 0) };
  for (const line of table(columns, cells, layout)) terminal.out.write(`${line}\n`);
}
