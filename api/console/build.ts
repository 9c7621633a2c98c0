import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import type { Logger } from "pino";
import { documentHeaders } from "./headers.ts";
import { newest } from "./newest.ts";

const root = path.resolve(import.meta.dirname, "../..");
/** What the website is made of. */
const sources = ["console", "protocol", "functions/sdk", "package.json"];
const outputCharsMax = 4_000;

/**
 * Builds the website when it is absent or older than its sources, beside a server that runs already: a fresh checkout
 * has a console after `npm start`, and the API never waits for it.
 */
export class ConsoleBuild {
  #child: ChildProcess | undefined;
  #failure: string | undefined;

  /** Resolves with the build's end; a failure is logged, and shown to who opens the console. */
  async run(folder: string, log: Logger): Promise<void> {
    const built = newest(path.join(folder, "index.html"));
    if (built > Math.max(...sources.map((source) => newest(path.join(root, source))))) return;
    const vite = path.join(root, "node_modules/vite/bin/vite.js");
    const config = path.join(root, "console/vite.config.ts");
    const child = spawn(process.execPath, [vite, "build", "--config", config], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        output = (output + text).slice(-outputCharsMax);
      });
    const code = await new Promise<number | null>((resolve) => {
      child.once("error", () => resolve(null));
      child.once("close", resolve);
    });
    this.#child = undefined;
    if (code === 0) return;
    this.#failure = output;
    log.warn({ output }, "the console was not built; `npm run build` says why");
  }

  stop(): void {
    this.#child?.kill();
  }

  /** What a browser gets while there are no files. */
  readonly answer = (): Response | undefined => {
    if (this.#child === undefined && this.#failure === undefined) return undefined;
    const [said, refresh] =
      this.#failure === undefined
        ? ["The console is being built. This takes some seconds, once.", "1"]
        : ["The console could not be built. The server's log says why.", "10"];
    const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><meta http-equiv="refresh" content="${refresh}"><title>Sparegrid</title><body style="font:16px system-ui;display:grid;place-items:center;height:90vh"><p>${said}</p></body></html>`;
    const headers = { ...documentHeaders, "content-type": "text/html; charset=utf-8" };
    return new Response(html, { status: 503, headers: { ...headers, "retry-after": "1" } });
  };
}
