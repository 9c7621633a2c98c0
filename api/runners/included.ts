import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";

const runnerMain = fileURLToPath(new URL("../../runner/main.js", import.meta.url));
const parentWatch = new URL("./parent-watch.ts", import.meta.url).href;

const backoffMsMin = 500;
const backoffMsMax = 30_000;
/** A runner that lived so long was healthy: the next death starts the backoff anew. */
const healthyMs = 30_000;
/** A runner drains in 10 s; after this it is killed. */
const stopMs = 12_000;

export interface IncludedRunnersOptions {
  count: number;
  url: string;
  key: string;
  dataDir: string;
  logLevel: string;
  log: Logger;
}

/** The runners that `npm start` brings along, each a process of its own, started again when it dies. */
export class IncludedRunners {
  readonly #options: IncludedRunnersOptions;
  readonly #children = new Map<number, ChildProcess>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #stopping = false;

  constructor(options: IncludedRunnersOptions) {
    this.#options = options;
    for (let index = 0; index < options.count; index++) this.#start(index, backoffMsMin);
  }

  pids(): number[] {
    return [...this.#children.values()].flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  /** Lets them drain, and kills those that do not end in time. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all([...this.#children.values()].map(stopChild));
  }

  /** For a server that must end at once. */
  kill(): void {
    this.#stopping = true;
    for (const child of this.#children.values()) child.kill("SIGKILL");
  }

  #start(index: number, backoffMs: number): void {
    const { url, key, dataDir, logLevel, log } = this.#options;
    const child = spawn(process.execPath, ["--import", parentWatch, runnerMain], {
      // The rest of the API's environment (REDIS_URL and its password, for one) is no business of a runner.
      env: {
        PATH: process.env.PATH ?? "",
        HOME: process.env.HOME ?? "",
        SPAREGRID_URL: url,
        SPAREGRID_TOKEN: key,
        SPAREGRID_NAME: `included-${index + 1}`,
        SPAREGRID_DATA_DIR: join(dataDir, "runners", String(index + 1)),
        LOG_LEVEL: levelOf(logLevel),
        // The server's own page shows it.
        SPAREGRID_PAGE: "off",
      },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const startedMs = performance.now();
    this.#children.set(index, child);
    let ended = false;
    const onEnd = (reason: string) => {
      if (ended) return;
      ended = true;
      this.#children.delete(index);
      if (this.#stopping) return;
      const wait = performance.now() - startedMs > healthyMs ? backoffMsMin : backoffMs;
      log.warn({ runner: index + 1, reason, againInMs: wait }, "an included runner ended");
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        this.#start(index, Math.min(wait * 2, backoffMsMax));
      }, wait);
      this.#timers.add(timer);
    };
    child.once("error", (error) => onEnd(error.message));
    child.once("exit", (code, signal) => onEnd(signal ?? `exit code ${code}`));
  }
}

function levelOf(logLevel: string): string {
  if (logLevel === "trace") return "debug";
  return logLevel === "fatal" ? "error" : logLevel;
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once("exit", () => resolve());
  const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
  child.kill("SIGTERM");
  await promise;
  clearTimeout(timer);
}
