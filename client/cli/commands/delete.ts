import type { Command } from "commander";
import { type Context, examples } from "../context.ts";

export function deleteCommand(program: Command, context: Context): void {
  program
    .command("delete")
    .argument("<function...>", "your functions, by name")
    .summary("delete functions of yours, with all their versions")
    .description(
      "Nobody finds or runs a deleted function any more. Jobs that are under way end as they would have; results, what was paid and forks stay. To keep it and warn instead: `sparegrid deprecate`.",
    )
    .addHelpText("after", examples("delete word-count"))
    .action(async (names: string[], _options: object, command: Command) => {
      const client = await context.client(command);
      const { colors, say } = context.terminal;
      for (const name of names) {
        await client.functions.delete(name);
        say(`${colors.green("✔")} deleted ${name}`);
      }
    });
}
