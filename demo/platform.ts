import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "../client/index.ts";
import { sleep } from "../client/retry.ts";
import { DemoProcess } from "./demo-process.ts";

const readyMsMax = 30_000;
const pollMs = 30;

/** Three members who do not know each other: one writes functions, one has data, one has a spare machine. */
export interface People {
  author: Client;
  consumer: Client;
  provider: Client;
}

export const handles = { author: "ada", consumer: "carl", provider: "paula" } as const;

export interface Platform {
  url: string;
  people: People;
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
    const api = new DemoProcess("api/main.js", [], {
      PORT: "0",
      HOST: "127.0.0.1",
      DATA_DIR: folder,
      RUNNERS: "0",
      STARTER: "0",
      LOG_LEVEL: "warn",
    });
    processes.push(api);
    const { url, key } = await poll(() => credentials(folder), api, signal);
    const operator = createClient({ url, key });
    await poll(() => operator.health({ signal }).catch(() => undefined), api, signal);
    const signUp = async (handle: string) => {
      const request = { email: `${handle}@example.org`, password: randomUUID(), handle };
      const made = await operator.accounts.signUp(request, "demo", { signal });
      return { key: made.key, client: createClient({ url, key: made.key }) };
    };
    const author = await signUp(handles.author);
    const consumer = await signUp(handles.consumer);
    const provider = await signUp(handles.provider);
    const runner = new DemoProcess("runner/main.js", ["--url", url, "--slots", String(slots)], {
      SPAREGRID_TOKEN: provider.key,
      SPAREGRID_DATA_DIR: join(folder, "runner"),
      SPAREGRID_NAME: "demo",
      LOG_LEVEL: "warn",
    });
    processes.push(runner);
    await poll(async () => (await provider.client.runners({ signal }))[0], runner, signal);
    const people = {
      author: author.client,
      consumer: consumer.client,
      provider: provider.client,
    };
    return { url, people, stop };
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
