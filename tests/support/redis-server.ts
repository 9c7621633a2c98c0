import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A real Redis of the test's own, in a temporary directory. Everything is gone after `stop`, or when the test dies. */
export interface RedisUnderTest {
  url: string;
  /** SIGTERM, then started again on the same data. */
  restart(): Promise<void>;
  /** SIGKILL, then nothing: `restart` brings it back. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Whether redis-server is on the PATH. In CI it must be. */
export function redisInstalled(): boolean {
  const installed = spawnSync("redis-server", ["--version"]).status === 0;
  if (!installed && process.env.CI) throw new Error("redis-server is not on the PATH (CI is set)");
  return installed;
}

const readyMsMax = 15_000;
const clusterMasters = 3;

/**
 * One server on a unix socket, without a port. `fsync` "always": what was answered survives a SIGKILL for certain;
 * with "everysec" Redis may hold back its log for some seconds when the disk is slow.
 */
export async function startRedis(
  options: { fsync?: "always" | "everysec" } = {},
): Promise<RedisUnderTest> {
  const root = temporaryRoot();
  const socket = join(root.path, "redis.sock");
  const settings = ["--port", "0", "--unixsocket", socket];
  if (options.fsync) settings.push("--appendfsync", options.fsync);
  const node = new Node(root.path, settings, ["-s", socket]);
  await node.start();
  return {
    url: `unix:${socket}`,
    async restart() {
      await node.end("SIGTERM");
      await node.start();
    },
    kill: () => node.end("SIGKILL"),
    async stop() {
      await node.end("SIGKILL");
      root.remove();
    },
  };
}

/** Three masters without replicas, on free ports of 127.0.0.1. `kill` and `restart` are of all of them. */
export async function startRedisCluster(): Promise<RedisUnderTest> {
  const root = temporaryRoot();
  const ports = await freePorts(clusterMasters);
  const nodes = ports.map((port) => {
    const path = join(root.path, String(port));
    mkdirSync(path);
    const settings = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
    return new Node(
      path,
      ["--bind", "127.0.0.1", "--port", String(port), ...settings],
      ["-p", String(port)],
    );
  });
  const all = (task: (node: Node) => Promise<void>) => Promise.all(nodes.map(task));
  await all((node) => node.start());
  const members = ports.map((port) => `127.0.0.1:${port}`);
  const created = cli(["--cluster", "create", ...members, "--cluster-yes"]);
  if (created.status !== 0) throw new Error(`no cluster: ${created.stdout}${created.stderr}`);
  await all((node) => node.clusterReady());
  return {
    url: `redis+cluster://${members.join(",")}`,
    async restart() {
      await all((node) => node.end("SIGTERM"));
      await all((node) => node.start());
      await all((node) => node.clusterReady());
    },
    async kill() {
      await all((node) => node.end("SIGKILL"));
    },
    async stop() {
      await all((node) => node.end("SIGKILL"));
      root.remove();
    },
  };
}

class Node {
  readonly #folder: string;
  readonly #settings: readonly string[];
  readonly #address: readonly string[];
  #child: ChildProcess | undefined;

  constructor(folder: string, settings: readonly string[], address: readonly string[]) {
    this.#folder = folder;
    this.#settings = settings;
    this.#address = address;
  }

  async start(): Promise<void> {
    const kept = ["--dir", this.#folder, "--appendonly", "yes", "--save", ""];
    const child = spawn("redis-server", [...this.#settings, ...kept, "--loglevel", "warning"], {
      stdio: "ignore",
    });
    this.#child = child;
    const endWithUs = () => child.kill("SIGKILL");
    process.once("exit", endWithUs);
    child.once("exit", () => process.off("exit", endWithUs));
    await until(() => cli([...this.#address, "ping"]).stdout.trim() === "PONG", "redis-server");
  }

  async clusterReady(): Promise<void> {
    await until(
      () => cli([...this.#address, "cluster", "info"]).stdout.includes("cluster_state:ok"),
      "the cluster",
    );
  }

  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }
}

function cli(args: readonly string[]) {
  return spawnSync("redis-cli", args, { encoding: "utf8", timeout: 10_000 });
}

async function until(holds: () => boolean, what: string): Promise<void> {
  const giveUpMs = performance.now() + readyMsMax;
  while (!holds()) {
    if (performance.now() > giveUpMs) throw new Error(`${what} did not become ready`);
    await sleep(20);
  }
}

function temporaryRoot(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "sparegrid-redis-"));
  const remove = () => rmSync(path, { recursive: true, force: true });
  process.once("exit", remove);
  return {
    path,
    remove() {
      process.off("exit", remove);
      remove();
    },
  };
}

/** Ports whose cluster bus (10,000 above) exists too. */
async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (ports.includes(port)) continue;
    if ((await isFree(port)) && (await isFree(port + 10_000))) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
