import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "../client/index.ts";
import { sleep } from "../client/retry.ts";
import { DemoProcess } from "./demo-process.ts";

const readyMsMax = 30_000;
const pollMs = 30;

export interface Platform {
  client: Client;
  /** Stops every process that was started and removes the data. Idempotent. */
  stop(): Promise<void>;
}

/**
 * The whole product: the API with its embedded store on a free port, and a runner, each a process, with all their
 * data in a temporary folder.
 * @throws Error with the last lines of their log when they do not get ready; the signal's reason
 */
export async function startPlatform(slots: number, signal: AbortSignal): Promise<Platform> {
  const folder = await mkdtemp(join(tmpdir(), "sparegrid-demo-"));
  const processes: DemoProcess[] = [];
  let stopping: Promise<void> | undefined;
  const stopAll = async (): Promise<void> => {
    for (const each of processes.toReversed()) await each.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const stop = (): Promise<void> => {
    stopping ??= stopAll();
    return stopping;
  };
  try {
    const api = new DemoProcess("api/main.ts", [], {
      PORT: "0",
      HOST: "127.0.0.1",
      DATA_DIR: folder,
      RUNNERS: "0",
      LOG_LEVEL: "warn",
    });
    processes.push(api);
    const { url, key } = await poll(() => credentials(folder), api, signal);
    const client = createClient({ url, key });
    await poll(() => client.health({ signal }).catch(() => undefined), api, signal);
    const runner = new DemoProcess("runner/main.js", ["--url", url, "--slots", String(slots)], {
      SPAREGRID_TOKEN: key,
      SPAREGRID_DATA_DIR: join(folder, "runner"),
      SPAREGRID_NAME: "demo",
      LOG_LEVEL: "warn",
    });
    processes.push(runner);
    await poll(async () => (await client.runners({ signal }))[0], runner, signal);
    return { client, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function poll<T>(
  look: () => Promise<T | undefined>,
  waitedFor: DemoProcess,
  signal: AbortSignal,
): Promise<T> {
  const deadlineMs = Date.now() + readyMsMax;
  for (;;) {
    signal.throwIfAborted();
    if (waitedFor.exited) throw waitedFor.failure("ended before it was ready");
    if (Date.now() > deadlineMs) throw waitedFor.failure(`is not ready in ${readyMsMax / 1000} s`);
    const found = await look();
    if (found !== undefined) return found;
    await sleep(pollMs, signal);
  }
}

/** Undefined until the API has written them. */
async function credentials(folder: string): Promise<{ url: string; key: string } | undefined> {
  const text = await readFile(join(folder, "credentials.json"), "utf8").catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text);
}
