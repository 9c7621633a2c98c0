import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Command } from "commander";
import { GridError } from "../../../protocol/errors.ts";
import { collectSource, nameOfFile } from "../../source.ts";
import { type Context, examples } from "../context.ts";
import { Exit, reportError } from "../report.ts";

interface Options {
  name?: string;
  readme?: string;
  private?: boolean;
  json?: boolean;
}

export function publishCommand(program: Command, context: Context): void {
  program
    .command("publish")
    .argument("<file>", "TypeScript whose default export is a function of the SDK")
    .option("--name <name>", "name in the market (default: the file's name)")
    .option("--readme <file>", "Markdown shown with the function")
    .option("--private", "only for you")
    .option("--json", "print what was published as JSON")
    .summary("publish a function, with the files and npm packages it imports")
    .description(
      "Publishes a function. Relative imports are sent along as they are; npm packages are bundled, one file each, with only what is used of them. The same source again is the same version.",
    )
    .addHelpText(
      "after",
      examples(
        "publish functions/word-count.ts",
        "publish fn.ts --name my-function --readme README.md",
      ),
    )
    .action(async (file: string, options: Options, command: Command) => {
      const { terminal } = context;
      const { colors } = terminal;
      const name = options.name ?? nameOfFile(file);
      try {
        const collected = await collectSource(file);
        const readme =
          options.readme === undefined ? undefined : await readFile(options.readme, "utf8");
        const client = await context.client(command);
        const published = await client.functions.publish({
          name,
          ...collected,
          ...(readme === undefined ? {} : { readme }),
          ...(options.private ? { visibility: "private" as const } : {}),
        });
        if (options.json === true) {
          terminal.out.write(`${JSON.stringify(published)}\n`);
          return;
        }
        const extra = Object.keys(collected.files ?? {});
        terminal.say(
          `${colors.green("✔")} ${colors.bold(published.name)} ${colors.dim(published.version.slice(0, 12))} ${published.title} ${colors.dim(`(${published.kind})`)}`,
        );
        if (extra.length > 0) terminal.say(colors.dim(`  with ${extra.join(", ")}`));
        terminal.say(colors.dim(`  sparegrid run ${published.name} ${inputHint(published.input)}`));
      } catch (error) {
        if (!(error instanceof GridError)) throw error;
        throw new Exit(
          await reportError(terminal, positioned(error, file, name), (path) =>
            readFile(path, "utf8").catch(() => undefined),
          ),
        );
      }
    });
}

/** The API knows the entry by the function's name, and other files by their path from it; people by what they typed. */
function positioned(error: GridError, file: string, name: string): GridError {
  const { at } = error.details;
  if (at === undefined) return error;
  const isEntry = at.file === `${name}.ts` || at.file === basename(file);
  const path = isEntry ? file : join(dirname(file), at.file);
  return new GridError(error.code, error.message, { ...error.details, at: { ...at, file: path } });
}

function inputHint(input: { type: string; format?: string }): string {
  if (input.type === "range") return "--input 1000";
  if (input.type === "items") return "--input '[…]'";
  return "--dataset NAME";
}
