import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import type { Published, Visibility } from "../../index.ts";
import { reportAuthored } from "../author-position.ts";
import { type Context, collect, examples } from "../context.ts";
import { percent, visibilityOption, warnDeprecated } from "../market.ts";

interface Options {
  name?: string;
  readme?: string;
  private?: boolean;
  visibility?: Visibility;
  tag?: string[];
  royalty?: number;
  json?: boolean;
}

export function publishCommand(program: Command, context: Context): void {
  program
    .command("publish")
    .argument("<file>", "TypeScript whose default export is a function of the SDK")
    .option("--name <name>", "its name, under your handle (default: the file's name)")
    .option("--readme <file>", "Markdown shown with the function")
    .addOption(visibilityOption("private: only you · unlisted: who knows the name · public: all"))
    .option("--private", "the same as --visibility private")
    .option("--tag <tag>", "a word it is found by (repeatable)", collect)
    .option("--royalty <percent>", "of what a run costs, for you; fixed for this version", percent)
    .option("--json", "print what was published as JSON")
    .summary("publish a function, with the files and npm packages it imports")
    .description(
      "Publishes a function. Relative imports are sent along as they are; npm packages are bundled, one file each, with only what is used of them. The same source again is the same version. A new function is private.",
    )
    .addHelpText(
      "after",
      examples(
        "publish functions/word-count.ts",
        "publish fn.ts --name my-function --readme README.md",
        "publish fn.ts --visibility public --tag text --royalty 2.5",
      ),
    )
    .action(async (file: string, options: Options, command: Command) => {
      const { terminal } = context;
      const { colors } = terminal;
      // With esbuild and a parser, which no other command loads.
      const { collectSource, nameOfFile } = await import("../../source.ts");
      const name = options.name ?? nameOfFile(file);
      try {
        const collected = await collectSource(file);
        const readme =
          options.readme === undefined ? undefined : await readFile(options.readme, "utf8");
        const client = await context.client(command);
        const visibility = options.private ? ("private" as const) : options.visibility;
        const published = await client.functions.publish({
          name,
          ...collected,
          ...(readme === undefined ? {} : { readme }),
          ...(visibility === undefined ? {} : { visibility }),
          ...(options.tag === undefined ? {} : { tags: options.tag }),
          ...(options.royalty === undefined ? {} : { royaltyPercent: options.royalty }),
        });
        if (options.json === true) {
          terminal.out.write(`${JSON.stringify(published)}\n`);
          return;
        }
        const extra = Object.keys(collected.files ?? {});
        terminal.say(
          `${colors.green("✔")} ${colors.bold(published.name)} ${colors.dim(published.version.slice(0, 12))} ${published.title} ${colors.dim(`(${termsOf(published)})`)}`,
        );
        warnDeprecated(terminal, published);
        if (extra.length > 0) terminal.say(colors.dim(`  with ${extra.join(", ")}`));
        terminal.say(colors.dim(`  sparegrid run ${published.name} ${inputHint(published.input)}`));
      } catch (error) {
        await reportAuthored(terminal, error, file, name);
      }
    });
}

function termsOf({ kind, visibility, royaltyPercent }: Published): string {
  const royalty = royaltyPercent > 0 ? `, royalty ${royaltyPercent} %` : "";
  return `${kind}, ${visibility}${royalty}`;
}

function inputHint(input: { type: string; format?: string }): string {
  if (input.type === "range") return "--input 1000";
  if (input.type === "items") return "--input '[…]'";
  return "--dataset NAME";
}
