import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "../../client/index.ts";

export const root = path.resolve(import.meta.dirname, "../..");

export interface SystemOptions {
  /** Executors of the one runner. Default 2. */
  slots?: number;
  redisUrl?: string;
  /** Start no runner. */
  runner?: boolean;
  /** Lease life, ms: short in tests that wait for one to expire. */
  leaseMs?: number;
  env?: Record<string, string>;
}

/**
 * A real API and a real runner, each a process of its own, in a directory of their own, on a free port that stays the
 * same over restarts. Used by the end-to-end tests, the chaos tests and the benchmarks.
 */
export class System implements AsyncDisposable {
  readonly dataDir: string;
  readonly #options: SystemOptions;
  #api: ChildProcess | undefined;
  #runner: ChildProcess | undefined;
  #port = 0;
  url = "";
  key = "";
  client!: ReturnType<typeof createClient>;

  static async start(options: SystemOptions = {}): Promise<System> {
    const dataDir = await mkdtemp(path.join(os.tmpdir(), "sparegrid-system-"));
    const system = new System(dataDir, options);
    try {
      await system.startApi();
      if (options.runner !== false) await system.startRunner();
    } catch (error) {
      await system.stop();
      throw error;
    }
    return system;
  }

  private constructor(dataDir: string, options: SystemOptions) {
    this.dataDir = dataDir;
    this.#options = options;
  }

  get apiPid(): number {
    return this.#api!.pid!;
  }

  get runnerPid(): number {
    return this.#runner!.pid!;
  }

  async startApi(): Promise<void> {
    const { redisUrl, leaseMs, env } = this.#options;
    const all: NodeJS.ProcessEnv = {
      ...process.env,
      PORT: String(this.#port),
      DATA_DIR: this.dataDir,
      RUNNERS: "0",
      STARTER: "0",
      LOG_LEVEL: "warn",
      ...(leaseMs ? { LEASE_MS: String(leaseMs) } : {}),
      ...env,
    };
    delete all.REDIS_URL;
    if (redisUrl) all.REDIS_URL = redisUrl;
    const api = spawnNode(["api/main.js"], all);
    this.#api = api;
    await until(async () => {
      if (api.exitCode !== null) throw new Error(`the API exited with ${api.exitCode}`);
      const text = await readFile(path.join(this.dataDir, "credentials.json"), "utf8");
      const { url, key } = JSON.parse(text) as { url: string; key: string };
      const response = await fetch(`${url}/readyz`);
      if (!response.ok) return false;
      const client = createClient({ url, key });
      await client.health(); // known to be there: calls now outlive a kill
      Object.assign(this, { url, key, client });
      this.#port = Number(new URL(url).port);
      return true;
    }, "the API to be ready");
  }

  /**
   * @param options.wait resolve once the API lists it; default true
   * @param options.token whose machine it is; default the operator's
   */
  async startRunner({ wait = true, token = this.key } = {}): Promise<void> {
    const slots = String(this.#options.slots ?? 2);
    this.#runner = spawnNode(
      [
        "runner/main.js",
        "--url",
        this.url,
        "--token",
        token,
        "--slots",
        slots,
        "--data-dir",
        this.dataDir,
        "--page",
        "off",
      ],
      process.env,
    );
    if (!wait) return;
    const owner = createClient({ url: this.url, key: token });
    await until(async () => (await owner.runners()).length > 0, "the runner to connect");
  }

  async killApi(): Promise<void> {
    await end(this.#api, "SIGKILL");
  }

  async stopApi(): Promise<void> {
    await end(this.#api, "SIGTERM");
  }

  async killRunner(): Promise<void> {
    await end(this.#runner, "SIGKILL");
  }

  async stopRunner(): Promise<void> {
    await end(this.#runner, "SIGTERM");
  }

  /** Process ids of the runner's executors and spares. */
  async executorPids(): Promise<number[]> {
    return this.#runner?.pid ? (await processTree(this.#runner.pid)).slice(1) : [];
  }

  async stop(): Promise<void> {
    await end(this.#runner, "SIGTERM");
    await end(this.#api, "SIGTERM");
    await rm(this.dataDir, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

export function startSystem(options: SystemOptions = {}): Promise<System> {
  return System.start(options);
}

export async function until(
  holds: () => Promise<boolean>,
  what: string,
  withinMs = 30_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      if (await holds()) return;
    } catch (error) {
      last = error;
    }
    await sleep(25);
  }
  throw new Error(`waited ${withinMs} ms for ${what}`, { cause: last });
}

/** A process and all its descendants, itself first (Linux). */
export async function processTree(pid: number): Promise<number[]> {
  const children = new Map<number, number[]>();
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => undefined);
    if (!stat) continue;
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const found = [pid];
  for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i]!) ?? []));
  return found;
}

/** Resident memory of a process, bytes (Linux). */
export async function rssBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}

/** What a process has for itself, without files and libraries that others have mapped too, bytes (Linux). */
export async function privateBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}

function spawnNode(args: string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, args, { cwd: root, env, stdio: ["ignore", "ignore", "inherit"] });
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
  await exited;
  clearTimeout(timer);
}
