import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";

/** What npm's own scripts tell each other is not for the npm that a person starts; how to reach a registry is. */
const foreign =
  /^npm_(?!config_(registry|cafile|proxy|https_proxy|noproxy|userconfig|globalconfig|cache)$)/i;

export interface Said {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A runner as npm installs it from a server, in a place and with a home of its own. */
export class InstalledRunner {
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #children: ChildProcess[] = [];

  /** Without running any install script, whatever the machine's npm would do. */
  static async from(url: string): Promise<InstalledRunner> {
    const runner = new InstalledRunner(await mkdtemp(path.join(tmpdir(), "runner-installed-")));
    const args = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefix", runner.prefix];
    const said = await runner.#run("npm", ["install", "--global", ...args, `${url}/runner.tgz`]);
    if (said.code !== 0) throw new Error(`npm ended with ${said.code}: ${said.stderr}`);
    await runner.#recordSystemctl();
    return runner;
  }

  private constructor(folder: string) {
    this.#folder = folder;
    const env = Object.entries(process.env).filter(([name]) => !foreign.test(name));
    const machine = process.env.PATH!.split(":").filter((each) => !each.includes("node_modules"));
    this.#env = {
      ...Object.fromEntries(env),
      PATH: [path.join(folder, "bin"), ...machine].join(":"),
      XDG_CONFIG_HOME: path.join(folder, "config"),
      XDG_DATA_HOME: path.join(folder, "data"),
    };
  }

  get prefix(): string {
    return path.join(this.#folder, "prefix");
  }

  get package(): string {
    return path.join(this.prefix, "lib/node_modules/sparegrid-runner");
  }

  get dataDir(): string {
    return path.join(this.#folder, "data/sparegrid-runner");
  }

  get unit(): string {
    return path.join(this.#folder, "config/systemd/user/sparegrid-runner.service");
  }

  /** Starts the command and does not wait for its end. */
  start(...args: string[]): ChildProcess {
    return this.startProgram(path.join(this.prefix, "bin/sparegrid-runner"), args);
  }

  startProgram(program: string, args: readonly string[]): ChildProcess {
    const child = spawn(program, args, { env: this.#env, stdio: ["ignore", "pipe", "pipe"] });
    this.#children.push(child);
    return child;
  }

  command(...args: string[]): Promise<Said> {
    return this.#run(path.join(this.prefix, "bin/sparegrid-runner"), args);
  }

  /** What was asked of systemd since the last call. */
  async systemctlCalls(): Promise<string[]> {
    const file = path.join(this.#folder, "systemctl.log");
    const lines = await readFile(file, "utf8").catch(() => "");
    await rm(file, { force: true });
    return lines.split("\n").filter((line) => line !== "");
  }

  async remove(): Promise<void> {
    for (const child of this.#children)
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** A machine that tests run on has no session of systemd's; what it would be told is written down. */
  async #recordSystemctl(): Promise<void> {
    const bin = path.join(this.#folder, "bin");
    await mkdir(bin);
    const file = path.join(bin, "systemctl");
    await writeFile(file, `#!/bin/sh\necho "$@" >> '${this.#folder}/systemctl.log'\n`);
    await chmod(file, 0o755);
  }

  async #run(program: string, args: readonly string[]): Promise<Said> {
    const child = this.startProgram(program, args);
    const [stdout, stderr] = await Promise.all([
      text(child.stdout!),
      text(child.stderr!),
      once(child, "exit"),
    ]);
    return { code: child.exitCode, stdout, stderr };
  }
}
