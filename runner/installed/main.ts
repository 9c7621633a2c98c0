import packageJson from "../../package.json" with { type: "json" };
import { GridError } from "../../protocol/errors.ts";
import { CommandError, exitCodes } from "./command-error.ts";
import { type Command, readCommandLine } from "./command-line.ts";
import type { Context } from "./context.ts";
import { install } from "./install.ts";
import { readInstallation } from "./installation.ts";
import { joinCommand, run, tell } from "./run.ts";
import { uninstall } from "./uninstall.ts";
import { update } from "./update.ts";
import { usage } from "./usage.ts";

/** The command `sparegrid-runner`, as the package that a server hands out has it. */
const verbs: Record<Command, (context: Context) => Promise<void>> = {
  run,
  join: joinCommand,
  install,
  uninstall,
  update,
  settings: tell,
  pause: tell,
  resume: tell,
  status: tell,
};

async function main(args: readonly string[]): Promise<void> {
  if (args.includes("--help") || args.includes("-h") || args[0] === "help") {
    process.stdout.write(usage);
    return;
  }
  if (args[0] === "--version" || args[0] === "-v") {
    const { server } = installation;
    const build = server && `, build ${server.build} of ${server.url}`;
    process.stdout.write(`${packageJson.version}${build ?? ""}, Node ${process.versions.node}\n`);
    return;
  }
  const line = readCommandLine(args);
  const interrupt = new AbortController();
  // The runner has its own way to end: it hands back what it holds.
  if (line.command !== "run")
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => interrupt.abort(new CommandError("interrupted", undefined, 130)));
  await verbs[line.command]({
    line,
    env: process.env,
    platform: process.platform,
    installation,
    signal: interrupt.signal,
    say: (text) => process.stdout.write(`${text}\n`),
  });
}

const installation = readInstallation(import.meta.filename);
await main(process.argv.slice(2)).catch((error: unknown) => {
  const { message, hint, exitCode } = inWords(error);
  process.stderr.write(`error: ${message}\n`);
  if (hint !== undefined) process.stderr.write(`  hint: ${hint}\n`);
  process.exitCode = exitCode;
});

function inWords(error: unknown): { message: string; hint: string | undefined; exitCode: number } {
  if (error instanceof CommandError) return error;
  const { message, code } = error as NodeJS.ErrnoException;
  if (error instanceof GridError) {
    const { hint } = error.details;
    return { message, hint, exitCode: exitCodes.failed };
  }
  // What the file system says is for the person; anything else is a fault of ours, whose place matters.
  const known = code !== undefined && /^E[A-Z]+$/.test(code);
  const text = known || !(error instanceof Error) ? message : (error.stack ?? message);
  return { message: text, hint: undefined, exitCode: exitCodes.failed };
}
