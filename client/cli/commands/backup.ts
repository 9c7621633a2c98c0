import type { Command } from "commander";
import { z } from "zod";
import { ledgerReportSchema } from "../../../protocol/http-ledger.ts";
import { type Context, examples } from "../context.ts";
import { dataDirOf } from "../credentials.ts";
import { bytes } from "../format.ts";
import { operate } from "../operate.ts";
import { reportLines } from "./ledger.ts";

const backedUpSchema = z.object({ file: z.string(), bytes: z.int() });
const restoredSchema = z.object({
  file: z.string(),
  replaced: z.string().optional(),
  report: ledgerReportSchema,
});

interface Options {
  dataDir?: string;
  force?: boolean;
  json?: boolean;
}

export function backupCommands(program: Command, context: Context): void {
  const { terminal, env } = context;
  const argsOf = ({ dataDir, force }: Options) => [
    "--data-dir",
    dataDir ?? dataDirOf(env),
    ...(force ? ["--force"] : []),
  ];
  const say = (text: string) => terminal.say(text);
  program
    .command("backup")
    .argument("<file>", "where to")
    .option("--data-dir <path>", "the API's data folder (DATA_DIR, ./.sparegrid)")
    .option("--force", "replace the file when it exists")
    .option("--json", "print JSON")
    .summary("copy the API's database: accounts, credits, functions, the list of jobs")
    .description(
      "Copies catalog.db of a data folder on this machine as it is at one moment. The API may be running. Not in it: blobs (datasets, bundles, large results), jobs under way (store.db, or Redis), and the files credentials.json and secret.",
    )
    .addHelpText("after", examples("backup sparegrid.db", "backup /mnt/b.db --data-dir /srv/grid"))
    .action(async (file: string, options: Options) => {
      const done = await operate(["backup", file, ...argsOf(options)], backedUpSchema);
      if (options.json) return void terminal.out.write(`${JSON.stringify(done)}\n`);
      say(`${terminal.colors.green("✔")} ${bytes(done.bytes)} in ${done.file}`);
      say("  in it: accounts, keys, credits, functions, names of datasets, the list of jobs");
      say("  not in it: blobs/ (datasets, bundles, large results), jobs under way, credentials");
    });
  program
    .command("restore")
    .argument("<file>", "a backup")
    .option("--data-dir <path>", "the API's data folder (DATA_DIR, ./.sparegrid)")
    .option("--force", "put a database that is there aside")
    .option("--json", "print JSON")
    .summary("put a backup in the place of the API's database")
    .description(
      "Checks the backup and its ledger first, and refuses while an API works on the folder. A database that is there is kept under another name.",
    )
    .addHelpText(
      "after",
      examples("restore sparegrid.db", "restore b.db --data-dir /srv/grid --force"),
    )
    .action(async (file: string, options: Options) => {
      const done = await operate(["restore", file, ...argsOf(options)], restoredSchema);
      if (options.json) return void terminal.out.write(`${JSON.stringify(done)}\n`);
      for (const line of reportLines(done.report, terminal)) terminal.out.write(`${line}\n`);
      say(`${terminal.colors.green("✔")} restored to ${done.file}`);
      if (done.replaced !== undefined) say(`  what was there is ${done.replaced}`);
    });
}
