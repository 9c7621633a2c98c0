import type { Command } from "commander";
import { operatorHandle, roleSchema } from "../../../protocol/accounts.ts";
import { type Context, examples } from "../context.ts";
import { operatorMemberCommands } from "./operator-members.ts";
import { operatorStatusCommand } from "./operator-status.ts";

export function operatorCommand(program: Command, context: Context): void {
  const { terminal, signal } = context;
  const done = (text: string) => terminal.say(`${terminal.colors.green("✔")} ${text}`);
  const operator = program
    .command("operator")
    .summary("for who runs the server: status, members, roles, quotas, sign-in links, suspension")
    .addHelpText(
      "after",
      examples("operator members", "operator role ada operator", "operator suspend eve"),
    );
  operatorStatusCommand(operator, context);
  operatorMemberCommands(operator, context);
  operator
    .command("link")
    .alias("reset-link")
    .argument("[handle]", "whom it signs in", operatorHandle)
    .summary("make a link that signs an account in, once within an hour, to set a new password")
    .addHelpText("after", examples("operator link", "operator reset-link ada"))
    .action(async (handle: string, _options: object, command: Command) => {
      const client = await context.client(command);
      const { url } = await client.accounts.createLink(handle, { signal });
      terminal.out.write(`${url}\n`);
    });
  operator
    .command("role")
    .argument("<handle>")
    .argument("<role>", roleSchema.options.join(" or "))
    .summary("make a member an operator, or an operator a member")
    .addHelpText("after", examples("operator role ada operator", "operator role ada member"))
    .action(async (handle: string, given: string, _options: object, command: Command) => {
      const role = roleSchema.safeParse(given);
      if (!role.success)
        command.error(`error: "${given}" is no role: ${roleSchema.options.join(" or ")}`);
      const client = await context.client(command);
      await client.accounts.change(handle, { role: role.data }, { signal });
      done(`${handle} is ${role.data === "operator" ? "an operator" : "a member"}`);
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
  standing("reinstate", "lift a suspension", false, "may come back").alias("unsuspend");
}
