import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];
const waitMs = 20_000;

/** Whether chromium is on the PATH. In CI it must be. */
export function chromiumInstalled(): boolean {
  const installed = spawnSync("chromium", ["--version"]).status === 0;
  if (!installed && process.env.CI) throw new Error("chromium is not on the PATH (CI is set)");
  return installed;
}

type Params = Record<string, unknown>;
interface Answer {
  id?: number;
  method?: string;
  params?: Params;
  result?: Params;
  error?: { message: string };
}

/**
 * A page of a real Chromium, driven over its DevTools protocol: enough of it to open, fill in, click and look. What the
 * page complains about (a script's error, a violated policy) is kept in `complaints`.
 */
export class Browser implements AsyncDisposable {
  readonly complaints: string[] = [];
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #session: string | undefined;
  #sent = 0;

  /** @throws Error when there is no chromium on the PATH */
  static async start(): Promise<Browser> {
    const profile = await mkdtemp(join(tmpdir(), "sparegrid-browser-"));
    const child = spawn("chromium", [...flags, `--user-data-dir=${profile}`, "about:blank"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    await once(child, "spawn");
    for await (const line of createInterface(child.stderr)) {
      const address = /^DevTools listening on (\S+)/.exec(line)?.[1];
      if (address === undefined) continue;
      child.stderr.resume();
      const socket = new WebSocket(address);
      await once(socket, "open");
      const browser = new Browser(child, profile, socket);
      await browser.#attach();
      return browser;
    }
    throw new Error("chromium ended before it listened");
  }

  private constructor(child: ChildProcess, profile: string, socket: WebSocket) {
    this.#process = child;
    this.#profile = profile;
    this.#socket = socket;
    socket.on("message", (data) => this.#heard(JSON.parse(String(data)) as Answer));
  }

  async open(url: string): Promise<void> {
    await this.#send("Page.navigate", { url });
    await this.until("document.readyState === 'complete'");
  }

  /** The value of an expression in the page; promises are awaited. */
  async read<T>(expression: string): Promise<T> {
    const about = { expression, returnByValue: true, awaitPromise: true };
    const { result, exceptionDetails } = await this.#send("Runtime.evaluate", about);
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value: T }).value;
  }

  /** @throws Error with the page's text when it does not become true in time */
  async until(expression: string): Promise<void> {
    for (const end = performance.now() + waitMs; performance.now() < end; await sleep(20)) {
      // While it navigates there is no page to ask.
      if (await this.read(expression).catch(() => false)) return;
    }
    throw new Error(`${expression} is not true of: ${await this.read("document.body.innerText")}`);
  }

  /** Types as a person does, so that the page's own listeners hear of it. */
  async fill(selector: string, text: string): Promise<void> {
    await this.until(`document.querySelector(${JSON.stringify(selector)})?.offsetParent !== null`);
    await this.read(`document.querySelector(${JSON.stringify(selector)}).focus()`);
    await this.#send("Input.insertText", { text });
  }

  async click(selector: string): Promise<void> {
    const found = `document.querySelector(${JSON.stringify(selector)})`;
    await this.until(`${found} && ${found}.offsetParent !== null && !${found}.disabled`);
    await this.read(`${found}.click()`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = once(this.#process, "exit");
    this.#socket.close();
    this.#process.kill("SIGKILL");
    await exit;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  async #attach(): Promise<void> {
    const { targetId } = await this.#send("Target.createTarget", { url: "about:blank" });
    const attached = await this.#send("Target.attachToTarget", { targetId, flatten: true });
    this.#session = attached.sessionId as string;
    for (const domain of ["Page", "Runtime", "Log"]) await this.#send(`${domain}.enable`, {});
  }

  #send(method: string, params: Params): Promise<Params> {
    const id = ++this.#sent;
    const session = this.#session === undefined ? {} : { sessionId: this.#session };
    const { promise, resolve, reject } = Promise.withResolvers<Params>();
    this.#waiting.set(id, ({ result, error }) => {
      if (error) reject(new Error(`${method}: ${error.message}`));
      else resolve(result ?? {});
    });
    this.#socket.send(JSON.stringify({ id, method, params, ...session }));
    return promise;
  }

  #heard({ id, method, params, result, error }: Answer): void {
    if (id !== undefined) {
      this.#waiting.get(id)?.({ ...(result && { result }), ...(error && { error }) });
      this.#waiting.delete(id);
    } else if (method === "Runtime.exceptionThrown") this.complaints.push(JSON.stringify(params));
    else if (method === "Log.entryAdded") {
      const { entry } = params as { entry: { source: string; text: string } };
      // What the server refuses is the page's business, and shown there.
      if (entry.source !== "network") this.complaints.push(entry.text);
    }
  }
}
