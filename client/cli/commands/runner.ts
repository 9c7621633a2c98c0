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
    .argument("[flags...]", "further flags of the runner itself, such as --slots 4")
    .option("--token <token>", "the token a runner connects with")
    .allowUnknownOption()
    .summary("lend this machine: run tasks for the API at --url")
    .addHelpText(
      "after",
      examples(
        "runner",
        "runner --url https://grid.example.org --token …",
        "runner --slots 4 --name attic",
      ),
    )
    .action(async (flags: string[], options: { token?: string }, command: Command) => {
      const main = fileURLToPath(new URL("../../../runner/main.ts", import.meta.url));
      if (!existsSync(main)) throw new UsageError("this installation has no runner", main);
      const connection = await findConnection(command.optsWithGlobals(), context.env);
      const token = options.token ?? connection.key;
      const given = command.optsWithGlobals<{ url?: string }>().url !== undefined;
      const args = [
        ...(given || context.env.SPAREGRID_URL === undefined ? ["--url", connection.url] : []),
        ...(token === undefined ? [] : ["--token", token]),
        ...flags,
      ];
      const code = await runChild([main, ...args]);
      if (code !== 0) throw new Exit(code);
    });
}

/** Resolves with its exit code once it is gone. Signals are passed on, so that it can drain. */
function runChild(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: "inherit" });
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
