import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { type Connection, findConnection } from "../connection.ts";
import { type Context, examples } from "../context.ts";
import { joinedKey, joinRunner } from "../join-runner.ts";
import { Exit, exitCodes, UsageError } from "../report.ts";

/** The runner is a program of its own: it is started as a child, whose output and signals pass straight through. */
export function runnerCommand(program: Command, context: Context): void {
  const command = program
    .command("runner")
    .option("--token <token>", "the token a runner connects with (SPAREGRID_TOKEN)")
    .option("--join", "get a token of your own for this machine by approving a code in the browser")
    .option("--name <name>", "shown to others (default: this host's name)")
    .option("--slots <n>", "tasks at once (default: cores - 1)")
    .option("--ask <multiple>", "work only for jobs that pay so much of the rate (default: 1)")
    .option("--memory <MB>", "memory to lend (default: half of this machine's)")
    .option("--data-dir <path>", "keeps this installation's id (default: ~/.sparegrid/runner)")
    .option("--log-level <level>", "debug, info, warn, error or silent")
    .option("--page <port|off>", "this machine's own page, on 127.0.0.1 (default: 7777)")
    .summary("lend this machine: run tasks for the API at --url")
    .description(
      "Runs a runner in the foreground. On the API's own machine its address and token are found; elsewhere give --url: at its first start the runner shows a code to approve, and keeps the token it gets, which is good for nothing but lending this machine. Ctrl-C finishes or hands back what is running.",
    )
    .addHelpText(
      "after",
      examples(
        "runner",
        "runner --url https://grid.example.org",
        "runner --join --url https://grid.example.org",
        "runner --slots 4 --name attic",
        'runner settings cpuPercent=50 hours="mon-fri 18:00-08:00, sat-sun"',
        "runner pause 1h",
      ),
    )
    .action(async (options: RunnerOptions, command: Command) => {
      const main = runnerMain();
      const connection = await findConnection(command.optsWithGlobals(), context.env);
      const { url } = connection;
      const { token: given, join, ...flags } = options;
      const token = given ?? (await findToken(context, connection, options));
      const args = Object.entries(flags).map(
        ([name, value]) =>
          `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}=${value}`,
      );
      // By the environment, because arguments can be read by everyone on the machine.
      const secret = token === undefined ? {} : { SPAREGRID_TOKEN: token };
      const code = await runChild([main, "--url", url, ...args], { ...context.env, ...secret });
      if (code !== 0) throw new Exit(code);
    });
  ownersCommands(command, context);
}

/** What its owner says to a runner that may be running. They are the runner's own, and need no server. */
function ownersCommands(command: Command, context: Context): void {
  const verbs = [
    [
      "settings [name=value...]",
      "what this machine lends, and when; a running runner heeds it at once",
      "runner settings cpuPercent=50",
    ],
    [
      "pause [time]",
      "hand back work and take none for 1h, 30m, until a time, or a restart",
      "runner pause 1h",
    ],
    ["resume", "end a pause", "runner resume"],
    ["status", "what the runner of this machine is at", "runner status"],
  ] as const;
  for (const [usage, summary, example] of verbs) {
    command
      .command(usage)
      .summary(summary)
      .description(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`)
      .addHelpText("after", examples(example))
      .option("--data-dir <path>", "the runner's (default: ~/.sparegrid/runner)")
      .action(async (...given: unknown[]) => {
        const self = given.at(-1) as Command;
        const { dataDir } = self.optsWithGlobals<RunnerOptions>();
        const args = [self.name(), ...self.args, ...(dataDir ? ["--data-dir", dataDir] : [])];
        const code = await runChild([runnerMain(), ...args], context.env);
        if (code !== 0) throw new Exit(code);
      });
  }
}

function runnerMain(): string {
  const main = fileURLToPath(new URL("../../../runner/main.js", import.meta.url));
  if (!existsSync(main)) throw new UsageError("this installation has no runner", main);
  return main;
}

/**
 * The environment's token, else the key that was given, else what the runner got when it was joined, else the key of
 * this machine's files, else it joins.
 */
async function findToken(
  context: Context,
  { url, key, keyFrom }: Connection,
  { join, name, dataDir }: RunnerOptions,
): Promise<string | undefined> {
  const { env, terminal } = context;
  if (!join) {
    const explicit =
      env.SPAREGRID_TOKEN ?? (/^(--key|SPAREGRID_KEY)$/.test(keyFrom) ? key : undefined);
    const known = explicit ?? (await joinedKey(url, env, dataDir)) ?? key;
    if (known !== undefined || !terminal.err.isTTY) return known;
  }
  return joinRunner(context, { url, name, dataDir });
}

interface RunnerOptions {
  token?: string;
  join?: boolean;
  name?: string;
  slots?: string;
  ask?: string;
  memory?: string;
  dataDir?: string;
  logLevel?: string;
  page?: string;
}

/** Resolves with its exit code once it is gone. Signals are passed on, so that it can drain. */
function runChild(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: "inherit", env });
    // Ctrl-C in a terminal reaches the whole process group, the child included; passing it on would count twice.
    const onInterrupt = (): void => {
      if (!process.stdin.isTTY) child.kill("SIGINT");
    };
    const onTerminate = (): void => void child.kill("SIGTERM");
    process.on("SIGINT", onInterrupt);
    process.on("SIGTERM", onTerminate);
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      process.off("SIGINT", onInterrupt);
      process.off("SIGTERM", onTerminate);
      resolve(code ?? (signal === "SIGINT" ? exitCodes.interrupted : exitCodes.failed));
    });
  });
}
