import { Command } from "commander";
import { backupCommands } from "./commands/backup.ts";
import { campaignsCommand } from "./commands/campaigns.ts";
import { datasetCommand } from "./commands/dataset.ts";
import { deleteCommand } from "./commands/delete.ts";
import { deprecateCommand } from "./commands/deprecate.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { estimateCommand } from "./commands/estimate.ts";
import { forkCommand } from "./commands/fork.ts";
import { functionsCommand } from "./commands/functions.ts";
import { invokeCommand } from "./commands/invoke.ts";
import { jobsCommands } from "./commands/jobs.ts";
import { keysCommand } from "./commands/keys.ts";
import { ledgerCommand } from "./commands/ledger.ts";
import { loginCommands } from "./commands/login.ts";
import { operatorCommand } from "./commands/operator.ts";
import { payoutCommand } from "./commands/payout.ts";
import { poolsCommand } from "./commands/pools.ts";
import { publishCommand } from "./commands/publish.ts";
import { runCommand } from "./commands/run.ts";
import { runnerCommand } from "./commands/runner.ts";
import { sessionsCommand } from "./commands/sessions.ts";
import { tryCommand } from "./commands/try.ts";
import { walletCommand } from "./commands/wallet.ts";
import { whoamiCommand } from "./commands/whoami.ts";
import { type Context, examples } from "./context.ts";

const epilogue = `
Connection: --url and --key, else SPAREGRID_URL and SPAREGRID_KEY, else the file
credentials.json in DATA_DIR (./.sparegrid), which the API writes on its machine,
else what \`sparegrid login\` keeps in ~/.config/sparegrid/credentials.json.

Exit codes: 0 done · 1 the job or the command failed · 2 wrong usage ·
130 interrupted, cancelled, or left running by Ctrl-C.

Results go to stdout, everything else to stderr. NO_COLOR turns colours off.
`;

export function createProgram(context: Context, version: string): Command {
  const { colors } = context.terminal;
  const program = new Command("sparegrid")
    .description("Publish pure TypeScript functions and run them on spare machines.")
    .version(version, "-V, --version")
    .option("--url <url>", "the API")
    .option("--key <key>", "the key it is used with")
    .showSuggestionAfterError(true)
    .configureHelp({
      styleTitle: (text) => colors.bold(text),
      styleCommandText: (text) => colors.cyan(text),
      sortSubcommands: false,
    })
    .configureOutput({
      writeOut: (text) => void context.terminal.out.write(text),
      writeErr: (text) => void context.terminal.err.write(text),
      outputError: (text, write) =>
        write(
          text
            .replace(/^error:/, colors.red(colors.bold("error:")))
            .replace(/\n\((Did .*)\)/, `\n  ${colors.cyan("hint:")} $1`),
        ),
    })
    .exitOverride();
  publishCommand(program, context);
  tryCommand(program, context);
  functionsCommand(program, context);
  forkCommand(program, context);
  deprecateCommand(program, context);
  deleteCommand(program, context);
  datasetCommand(program, context);
  runCommand(program, context);
  estimateCommand(program, context);
  invokeCommand(program, context);
  jobsCommands(program, context);
  runnerCommand(program, context);
  poolsCommand(program, context);
  loginCommands(program, context);
  whoamiCommand(program, context);
  keysCommand(program, context);
  sessionsCommand(program, context);
  operatorCommand(program, context);
  walletCommand(program, context);
  payoutCommand(program, context);
  campaignsCommand(program, context);
  ledgerCommand(program, context);
  backupCommands(program, context);
  doctorCommand(program, context);
  program.addHelpText(
    "after",
    `${examples(
      "publish functions/word-count.ts",
      "dataset push moby-dick.txt.gz --name moby-dick",
      "run word-count --dataset moby-dick",
      `invoke word-count '["to be or not to be"]'`,
    )}\n${epilogue}`,
  );
  inherit(program);
  return program;
}

/** Subcommands of subcommands do not get these by themselves. */
function inherit(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    inherit(child);
  }
}
