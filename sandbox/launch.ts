import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import packageJson from "../package.json" with { type: "json" };
import { childBundlePath } from "./child-bundle.ts";
import type { ExecutorOptions } from "./options.ts";

/** How to start a child, found out once per pool. */
export interface Launch {
  command: string;
  args: string[];
}

const speedFlags = [
  // isolated-vm's requirement on this Node.
  "--no-node-snapshot",
  // A synchronous guest call never gets concurrently compiled code installed: up to 20 times slower without this.
  "--no-concurrent-recompilation",
  // A small memoryLimit would give a small young generation.
  "--min-semi-space-size=16",
  "--max-semi-space-size=32",
];

const safetyFlags = [
  "--permission",
  "--allow-addons",
  // The permission model lets it create files.
  "--no-experimental-sqlite",
  "--no-experimental-websocket",
  "--no-experimental-global-navigator",
  "--no-global-search-paths",
  // No SharedArrayBuffer in any context: memory shared between threads is a clock.
  "--enable-sharedarraybuffer-per-context",
  // The host itself never makes code from strings.
  "--disallow-code-generation-from-strings",
  "--disable-proto=delete",
  // No inspector by signal.
  "--disable-sigusr1",
  "--disable-warning=PERM0001",
];

/**
 * @param program another program to run in the child's place: the test that tries what a child is permitted
 * @throws when there is no isolated-vm for this platform, or no way to make the child's bundle
 */
export async function prepareLaunch(options: ExecutorOptions, program?: string): Promise<Launch> {
  const [path, wrapper] = await Promise.all([
    program ?? childBundlePath(options.cacheDir),
    systemWrapper(),
  ]);
  const addon = addonPath();
  const readable = [path, addon].map((each) => `--allow-fs-read=${each}`);
  const nodeArgs = [...speedFlags, ...safetyFlags, ...readable, path, addon];
  const [command, ...args] = [...wrapper, pinnedNode(), ...nodeArgs];
  return { command: command!, args };
}

/** Nothing of the owner's environment; Windows cannot open pipes or get randomness without its root. */
export function executorEnvironment(): NodeJS.ProcessEnv {
  return {
    TZ: "UTC",
    ...(process.platform === "win32" && { SystemRoot: process.env.SystemRoot }),
  };
}

/** The Node that package.json pins: every runner then computes the same bits, whatever Node started it. */
function pinnedNode(): string {
  if (process.versions.node === packageJson.dependencies.node) return process.execPath;
  try {
    const manifest = createRequire(import.meta.url).resolve("node/package.json");
    const path = join(dirname(manifest), "bin", process.platform === "win32" ? "node.exe" : "node");
    if (existsSync(path)) return path;
  } catch {
    // A release may bring its Node in another way; then it also runs this process.
  }
  return process.execPath;
}

/** isolated-vm's binary. The child loads it by this path, so it need not read package files to find it. */
function addonPath(): string {
  const require = createRequire(import.meta.url);
  const packagePath = require.resolve("isolated-vm/package.json");
  const nodeGypBuild = createRequire(packagePath)("node-gyp-build") as {
    path: (directory: string) => string;
  };
  return nodeGypBuild.path(dirname(packagePath));
}

/**
 * On POSIX systems the child starts through a shell that sets limits Node cannot set and then becomes Node:
 * no core dumps (a crash of a 1 GB isolate would fill the owner's disk), no writing to files even if the permission
 * model were overcome, and (Linux) the first to go when the machine runs out of memory.
 */
const limits =
  "unset PWD OLDPWD; ulimit -c 0; ulimit -f 0; { echo 1000 > /proc/self/oom_score_adj; } 2>/dev/null; " +
  'exec "$@"';

async function systemWrapper(): Promise<string[]> {
  if (process.platform === "win32") return [];
  return ["/bin/sh", "-c", limits, "sh", ...(await privilegeDrop())];
}

const run = promisify(execFile);

/**
 * Linux with util-linux: no new privileges, death with the parent even when a guest keeps the child busy, and, when
 * the runner is root (a container), no capabilities.
 */
async function privilegeDrop(): Promise<string[]> {
  if (process.platform !== "linux") return [];
  const base = ["setpriv", "--no-new-privs", "--pdeathsig", "KILL"];
  const bare = [...base, "--bounding-set=-all", "--inh-caps=-all"];
  for (const attempt of process.getuid?.() === 0 ? [bare, base] : [base]) {
    try {
      await run(attempt[0]!, [...attempt.slice(1), "/bin/true"], { timeout: 5_000 });
      return attempt;
    } catch {
      // Not installed, too old, or not allowed here: the permission model stands without it.
    }
  }
  return [];
}
