import type { Command } from "commander";
import { type Context, examples } from "../context.ts";
import { percent } from "../market.ts";

interface ForkOptions {
  name?: string;
  fnVersion?: string;
  royalty?: number;
  json?: boolean;
}

export function forkCommand(program: Command, context: Context): void {
  program
    .command("fork")
    .argument("<function>", "a name, or owner/name")
    .option("--name <name>", "its name under your handle (default: the same)")
    .option("--fn-version <version>", "of the function (default: the latest)")
    .option("--royalty <percent>", "of what a run costs, for you (default: none)", percent)
    .option("--json", "print what was made as JSON")
    .summary("make a function of your own of another's")
    .addHelpText("after", examples("fork ada/word-count --name my-words"))
    .action(async (name: string, options: ForkOptions, command: Command) => {
      const { terminal } = context;
      const client = await context.client(command);
      const fork = await client.functions.fork(name, {
        ...(options.name === undefined ? {} : { name: options.name }),
        ...(options.fnVersion === undefined ? {} : { version: options.fnVersion }),
        ...(options.royalty === undefined ? {} : { royaltyPercent: options.royalty }),
      });
      if (options.json) terminal.out.write(`${JSON.stringify(fork)}\n`);
      else
        terminal.say(
          `${terminal.colors.green("✔")} ${terminal.colors.bold(fork.name)} ${terminal.colors.dim(`${fork.version.slice(0, 12)} from ${name}, ${fork.visibility}`)}`,
        );
    });
}
