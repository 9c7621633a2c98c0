import { type DestinationStream, pino } from "pino";
import packageJson from "../package.json" with { type: "json" };
import type { GridError } from "../protocol/errors.ts";
import { type Config, readConfig, usage } from "./config.ts";
import { RunnerHost } from "./host.ts";
import { readKey } from "./kept-key.ts";
import { Governor } from "./limits/governor.ts";
import { idleMs } from "./limits/idle.ts";
import { isOnMains } from "./limits/power.ts";
import { runCommand } from "./limits/run-command.ts";
import { logFile } from "./log-file.ts";
import { LogRing } from "./log-ring.ts";
import { NetworkMeter } from "./network-meter.ts";
import { openPage } from "./page/open-page.ts";
import { prettyLines } from "./pretty-lines.ts";
import { removeRunningNote, writeRunningNote } from "./running-note.ts";
import { SettingsFile } from "./settings/settings-file.ts";

/**
 * The runner as a program: exits with 2 on a wrong configuration, with 1 when the gateway refuses it.
 * Resolves when it has ended, with why the gateway would not have it (any more).
 */
export async function main(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<GridError | undefined> {
  const [word] = args;
  if (word !== undefined && !word.startsWith("-")) {
    const { ownersCommand } = await import("./commands/owners-command.ts");
    process.exitCode = await ownersCommand(args, env);
    return undefined;
  }
  const outcome = readConfig(args, env);
  if (outcome.type === "help") {
    process.stdout.write(usage);
    return undefined;
  }
  if (outcome.type === "faults") return wrong(outcome.faults.join("\n"));
  return await run(outcome.config);
}

function wrong(faults: string): undefined {
  process.stderr.write(`${faults}\n\nTry --help.\n`);
  process.exitCode = 2;
}

async function run(config: Config): Promise<GridError | undefined> {
  const { slots, ask, memory, dataDir, logLevel } = config;
  const ring = new LogRing(logDestination(config));
  const log = pino({ level: logLevel, base: null }, ring);
  const { platform } = process;
  const network = new NetworkMeter();
  const file = new SettingsFile(dataDir);
  const opened = await Governor.open({
    file,
    flags: {
      ...(slots !== undefined && { slots }),
      ...(ask !== undefined && { ask }),
      ...(memory !== undefined && { memoryMb: memory }),
    },
    dataDir,
    carried: () => network.bytes,
    isOnMains: () =>
      isOnMains({ platform, suppliesDir: "/sys/class/power_supply", run: runCommand }),
    idleMs: () => idleMs({ platform, devDir: "/dev", run: runCommand }, Date.now()),
    clock: Date.now,
    log,
  }).catch((error: Error) => error);
  if (!(opened instanceof Governor)) return wrong(opened.message);
  const governor = opened;
  for (const name of governor.view.overridden)
    if (governor.view.settings[name] !== undefined)
      log.info({ setting: name }, "a flag or variable of this start overrides the setting");
  const { version } = packageJson;
  const host = new RunnerHost({ dataDir, name: config.name, version, governor, network, log });
  closeOnSignals(host, (signal) => {
    log.info({ signal }, "draining: finishing what runs; once more to stop at once");
  });
  const startedAt = new Date().toISOString();
  const page = await openPage({ config, host, governor, file, ring, log, version, startedAt });
  await writeRunningNote(dataDir, { pid: process.pid, page: page?.url ?? null, startedAt });
  const membership = await membershipOf(config);
  if (membership) await host.lend(membership);
  else log.warn({ page: page?.url }, "this machine has not joined: open its page to join");
  const refusal = await host.ended;
  await page?.close();
  await governor.close();
  await removeRunningNote(dataDir);
  // It was logged, and what the gateway refuses once it refuses again.
  if (refusal) process.exitCode = 1;
  return refusal;
}

/** What was given, else what this machine has joined. */
async function membershipOf({ url, token, dataDir }: Config) {
  if (url !== undefined && token !== undefined) return { url, token };
  const kept = await readKey(dataDir);
  if (!kept || (url !== undefined && new URL(url).origin !== new URL(kept.url).origin))
    return undefined;
  return { url: kept.url, token: token ?? kept.key };
}

function logDestination(config: Config): DestinationStream {
  if (config.logFile !== undefined) return logFile(config.logFile);
  return process.stdout.isTTY ? prettyLines(process.stdout) : pino.destination({ sync: true });
}

function closeOnSignals(host: RunnerHost, onFirst: (signal: string) => void): void {
  let signals = 0;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      signals++;
      if (signals === 1) {
        onFirst(signal);
        void host.close();
        return;
      }
      for (const pid of host.pids()) killQuietly(pid);
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
