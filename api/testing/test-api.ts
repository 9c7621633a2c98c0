import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { Description } from "../../protocol/guest.ts";
import type { Config } from "../config.ts";
import { type RunningApi, startApi } from "../main.ts";

export interface TestApi extends RunningApi {
  dataDir: string;
  /** Asks with the operator's key unless the headers say otherwise. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** The same, and the answer's JSON. */
  json<T = Record<string, unknown>>(
    path: string,
    init?: RequestInit,
  ): Promise<{ status: number; headers: Headers; body: T }>;
  /** Puts a version into the catalog as publishing does; returns its digest. */
  seedFunction(name: string, description?: Partial<Description>): string;
  end(): Promise<void>;
}

/** The real server with the embedded store in a directory of its own, on a free port, without runners. */
export async function startTestApi(config: Partial<Config> = {}): Promise<TestApi> {
  const dataDir = config.dataDir ?? (await mkdtemp(join(tmpdir(), "sparegrid-api-")));
  const log = pino({ level: process.env.LOG_LEVEL ?? "silent" });
  const api = await startApi({ config: { port: 0, runners: 0, ...config, dataDir }, log });
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${api.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${api.key}`, ...(init.headers as object) },
    });
  return {
    ...api,
    dataDir,
    ask,
    async json<T>(path: string, init?: RequestInit) {
      const response = await ask(path, init);
      return {
        status: response.status,
        headers: response.headers,
        body: (await response.json()) as T,
      };
    },
    seedFunction(name, description = {}) {
      const digest = [...name]
        .map((letter) => letter.charCodeAt(0).toString(16).padStart(2, "0"))
        .join("")
        .padEnd(64, "0");
      api.deps.catalog.functions.publish(
        {
          function: name,
          digest,
          description: { ...identity, ...description },
          source: "export default map({})",
          files: {},
          readme: null,
          sourceMap: "{}",
          bundleBytes: 1,
          publishedAtMs: Date.now(),
        },
        "public",
      );
      return digest;
    },
    async end() {
      await api.close({ drainMs: 500 });
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const identity: Description = {
  kind: "map",
  title: "Identity",
  input: { type: "items" },
  params: {},
  uses: {},
  combine: false,
  finish: false,
  output: { type: "json", contentType: "application/json" },
  example: false,
};

export function post(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}
