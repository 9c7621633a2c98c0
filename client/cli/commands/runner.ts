import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { findConnection } from "../connection.ts";
import { type Context, examples } from "../context.ts";
import { Exit, exitCodes, UsageError } from "../report.ts";

/** The runner is a program of its own: it is started as a child, whose output and signals pass straight through. */
export function runnerCommand(program: Command, context: Context): void {
  program
    .command("runner")
    .option("--token <token>", "the token a runner connects with (SPAREGRID_TOKEN)")
    .option("--name <name>", "shown to others (default: this host's name)")
    .option("--slots <n>", "tasks at once (default: cores - 1)")
    .option("--memory <MB>", "memory to lend (default: half of this machine's)")
    .option("--data-dir <path>", "keeps this installation's id (default: ~/.sparegrid/runner)")
    .option("--log-level <level>", "debug, info, warn, error or silent")
    .summary("lend this machine: run tasks for the API at --url")
    .description(
      "Runs a runner in the foreground. On the API's own machine its address and token are found; elsewhere give --url and --token. Ctrl-C finishes or hands back what is running.",
    )
    .addHelpText(
      "after",
      examples(
        "runner",
        "runner --url https://grid.example.org --token …",
        "runner --slots 4 --name attic",
      ),
    )
    .action(async (options: RunnerOptions, command: Command) => {
      const main = fileURLToPath(new URL("../../../runner/main.js", import.meta.url));
      if (!existsSync(main)) throw new UsageError("this installation has no runner", main);
      const { url, key } = await findConnection(command.optsWithGlobals(), context.env);
      const { token = context.env.SPAREGRID_TOKEN ?? key, ...flags } = options;
      const args = Object.entries(flags).map(
        ([name, value]) =>
          `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}=${value}`,
      );
      // By the environment, because arguments can be read by everyone on the machine.
      const secret = token === undefined ? {} : { SPAREGRID_TOKEN: token };
      const code = await runChild([main, "--url", url, ...args], { ...context.env, ...secret });
      if (code !== 0) throw new Exit(code);
    });
}

interface RunnerOptions {
  token?: string;
  name?: string;
  slots?: string;
  memory?: string;
  dataDir?: string;
  logLevel?: string;
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
