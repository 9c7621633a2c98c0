import { type DestinationStream, pino } from "pino";
import packageJson from "../package.json" with { type: "json" };
import type { GridError } from "../protocol/errors.ts";
import { type Config, readConfig, usage } from "./config.ts";
import { type Runner, startRunner } from "./index.ts";
import { logFile } from "./log-file.ts";
import { prettyLines } from "./pretty-lines.ts";

/**
 * The runner as a program: exits with 2 on a wrong configuration, with 1 when the gateway refuses it.
 * Resolves when it has ended, with why the gateway would not have it (any more).
 */
export async function main(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<GridError | undefined> {
  const outcome = readConfig(args, env);
  if (outcome.type === "help") {
    process.stdout.write(usage);
    return undefined;
  }
  if (outcome.type === "faults") {
    process.stderr.write(`${outcome.faults.join("\n")}\n\nTry --help.\n`);
    process.exitCode = 2;
    return undefined;
  }
  return await run(outcome.config);
}

async function run(config: Config): Promise<GridError | undefined> {
  const { url, token, name, slots, ask, memory, dataDir, logLevel } = config;
  const log = pino({ level: logLevel, base: null }, logDestination(config));
  const runner = await startRunner({
    url,
    token,
    dataDir,
    log,
    version: packageJson.version,
    ...(name !== undefined && { name }),
    ...(slots !== undefined && { slots }),
    ...(ask !== undefined && { ask }),
    ...(memory !== undefined && { memoryMb: memory }),
  });
  closeOnSignals(runner, (signal) => {
    log.info({ signal }, "draining: finishing what runs; once more to stop at once");
  });
  await runner.ended;
  // It was logged, and what the gateway refuses once it refuses again.
  if (runner.refusal) process.exitCode = 1;
  return runner.refusal;
}

function logDestination(config: Config): DestinationStream {
  if (config.logFile !== undefined) return logFile(config.logFile);
  return process.stdout.isTTY ? prettyLines(process.stdout) : pino.destination({ sync: true });
}

function closeOnSignals(runner: Runner, onFirst: (signal: string) => void): void {
  let signals = 0;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      signals++;
      if (signals === 1) {
        onFirst(signal);
        void runner.close();
        return;
      }
      for (const pid of runner.pids()) killQuietly(pid);
      process.exit(130);
    });
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}
