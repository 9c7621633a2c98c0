import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pageTokenHeader } from "../../protocol/runner-page.ts";

const runnerMain = new URL("../main.js", import.meta.url).pathname;

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
  /** The text as JSON. */
  body: Record<string, unknown>;
}

/** The runner as its owner starts it: a process with a data folder and a page of its own. */
export class RunnerProgram implements AsyncDisposable {
  readonly dataDir: string;
  readonly #child: ChildProcess;
  #output = "";

  /** Resolves once its page is there. */
  static async start(args: readonly string[], dataDir?: string): Promise<RunnerProgram> {
    const dir = dataDir ?? (await mkdtemp(join(tmpdir(), "runner-program-")));
    const child = spawn(process.execPath, [runnerMain, "--data-dir", dir, "--page", "0", ...args], {
      env: { PATH: process.env.PATH, HOME: dir },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const program = new RunnerProgram(dir, child);
    await program.until(() => program.page !== undefined, "its page");
    return program;
  }

  private constructor(dataDir: string, child: ChildProcess) {
    this.dataDir = dataDir;
    this.#child = child;
    for (const stream of [child.stdout!, child.stderr!])
      stream.on("data", (chunk) => {
        this.#output += String(chunk);
      });
  }

  get output(): string {
    return this.#output;
  }

  get page(): string | undefined {
    return /"page":"(http[^"]+)"/.exec(this.#output)?.[1];
  }

  /** As a browser would that has the page open, but for what is said. */
  ask(
    path: string,
    {
      method = "GET",
      headers = {},
      body,
    }: { method?: string; headers?: http.OutgoingHttpHeaders; body?: string } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = http.request(this.page! + path, { method, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => {
          const json = response.headers["content-type"]?.includes("json");
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            text,
            body: json ? (JSON.parse(text) as Record<string, unknown>) : {},
          });
        });
      });
      request.on("error", reject);
      request.end(body);
    });
  }

  /** As the page itself changes something. */
  async change(method: string, path: string, value: unknown = {}): Promise<Answer> {
    const headers = {
      "content-type": "application/json",
      origin: this.page!,
      "sec-fetch-site": "same-origin",
      [pageTokenHeader]: await this.token(),
    };
    return this.ask(path, { method, headers, body: JSON.stringify(value) });
  }

  /** What the page has of this start. */
  async token(): Promise<string> {
    const { text } = await this.ask("/");
    return /name="runner-token" content="([\w-]{32})"/.exec(text)![1]!;
  }

  /** One of its owner's commands, in another process. */
  async command(...words: string[]): Promise<{ code: number; output: string }> {
    const child = spawn(process.execPath, [runnerMain, ...words, "--data-dir", this.dataDir], {
      env: { PATH: process.env.PATH, HOME: this.dataDir },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => {
        output += String(chunk);
      });
    const [code] = (await once(child, "close")) as [number];
    return { code, output };
  }

  async until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
    for (const end = performance.now() + 20_000; performance.now() < end; ) {
      if (await holds()) return;
      if (this.#child.exitCode !== null) break;
      await sleep(20);
    }
    throw new Error(`waited in vain for ${what}:\n${this.#output}`);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
