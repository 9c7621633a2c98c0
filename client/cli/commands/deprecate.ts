import type { Command } from "commander";
import { type Context, examples } from "../context.ts";
import { UsageError } from "../report.ts";

interface DeprecateOptions {
  message?: string;
  lift?: boolean;
}

export function deprecateCommand(program: Command, context: Context): void {
  program
    .command("deprecate")
    .argument("<function@version>", "your function, and 8 or more characters of a version")
    .option("--message <text>", "why, and what to use instead")
    .option("--lift", "take it back")
    .summary("say that a version should not be used any more")
    .description(
      "A deprecated version still runs, and warns whoever runs it. The latest is the last version that is not deprecated.",
    )
    .addHelpText(
      "after",
      examples(
        'deprecate word-count@3f2a9c01 --message "counts hyphens wrongly"',
        "deprecate word-count@3f2a9c01 --lift",
      ),
    )
    .action(async (given: string, options: DeprecateOptions, command: Command) => {
      const { terminal } = context;
      const [, name, version] = /^([^@]+)@([^@]+)$/.exec(given) ?? [];
      if (name === undefined || version === undefined)
        throw new UsageError(`"${given}" names no version`, "sparegrid deprecate NAME@VERSION");
      if ((options.message === undefined) === (options.lift !== true))
        throw new UsageError("give either --message or --lift");
      const client = await context.client(command);
      const message = options.message ?? null;
      const detail = await client.functions.change(name, { deprecated: { version, message } });
      terminal.say(
        `${terminal.colors.green("✔")} ${terminal.colors.bold(detail.name)} ${terminal.colors.dim(`latest is ${detail.version.slice(0, 12)}`)}`,
      );
    });
}
