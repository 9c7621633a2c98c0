import { pino } from "pino";
import packageJson from "../package.json" with { type: "json" };
import { type Config, readConfig, usage } from "./config.ts";
import { type Runner, startRunner } from "./index.ts";
import { prettyLines } from "./pretty-lines.ts";

/** The runner as a program: exits with 2 on a wrong configuration, with 1 when the gateway refuses it. */
export async function main(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const outcome = readConfig(args, env);
  if (outcome.type === "help") {
    process.stdout.write(usage);
    return;
  }
  if (outcome.type === "faults") {
    process.stderr.write(`${outcome.faults.join("\n")}\n\nTry --help.\n`);
    process.exitCode = 2;
    return;
  }
  await run(outcome.config);
}

async function run(config: Config): Promise<void> {
  const { url, token, name, slots, ask, memory, dataDir, logLevel } = config;
  const log = pino(
    { level: logLevel, base: null },
    process.stdout.isTTY ? prettyLines(process.stdout) : pino.destination({ sync: true }),
  );
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
