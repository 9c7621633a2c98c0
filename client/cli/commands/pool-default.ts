import type { Command } from "commander";
import { type Context, examples } from "../context.ts";

const automatic = "auto";

/** Whose machines work for what names no pool. */
export function poolDefaultCommand(pools: Command, context: Context): void {
  const { terminal, signal } = context;
  pools
    .command("default")
    .argument("[pool]", `own, everyone, a pool, or ${automatic}`)
    .summary("show or choose whose machines work for jobs and calls that name no pool")
    .description(
      `Unless you choose, it is your own machines when you had a runner connected within a week, else everyone's (${automatic}).`,
    )
    .addHelpText(
      "after",
      examples("pools default", "pools default own", `pools default ${automatic}`),
    )
    .action(async (given: string | undefined, _options: object, command: Command) => {
      const { accounts } = await context.client(command);
      const { defaultPool } =
        given === undefined
          ? await accounts.me({ signal })
          : await accounts.changeMe(
              { defaultPool: given === automatic ? null : given },
              { signal },
            );
      terminal.out.write(`${defaultPool ?? automatic}\n`);
    });
}
