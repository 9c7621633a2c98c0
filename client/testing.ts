import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type ServerType, serve } from "@hono/node-server";
import type { Hono } from "hono";
import { type Client, createClient } from "./index.ts";

/** Real servers for the client's tests, and what they answer. */
export class TestServers {
  readonly #servers: ServerType[] = [];

  /** Serves `app` on a free port (or the given one) and gives a client with quick retries. */
  async serve(app: Hono, port = 0): Promise<{ client: Client; port: number }> {
    const server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" });
    this.#servers.push(server);
    if (!server.listening) await once(server, "listening");
    const at = (server.address() as AddressInfo).port;
    return { client: quickClient(at), port: at };
  }

  /** Stops listening and cuts all connections, as a killed process would. */
  stop(): void {
    for (const server of this.#servers.splice(0)) {
      (server as Server).closeAllConnections();
      server.close();
    }
  }
}

export function quickClient(port: number): Client {
  const url = `http://127.0.0.1:${port}/`;
  return createClient({ url, key: "sgk_test", retry: { baseMs: 5 } });
}

export function problem(
  status: number,
  code: string,
  more: object = {},
  headers: Record<string, string> = {},
): Response {
  const body = {
    type: "about:blank",
    title: "t",
    status,
    detail: "what went wrong",
    code,
    ...more,
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}

export function abortAfter(ms: number, reason: Error): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), ms).unref();
  return controller.signal;
}

export const invoked = { result: [1], jobId: "job_1", fuel: 7, ms: 0.5 };
export const dataset = {
  id: "ds_1",
  name: "n",
  owner: "operator",
  visibility: "private",
  format: "lines",
  bytes: 3,
  records: 1,
  shards: 1,
  digest: "d",
  skipped: 0,
  createdAt: "2026-01-01T00:00:00.000Z",
};
export const job = {
  id: "job_1",
  function: "f",
  version: "v",
  kind: "map",
  status: "succeeded",
  createdAt: "2026-01-01T00:00:00.000Z",
  stage: 0,
  entry: "map",
  round: 0,
  progress: { done: 1, total: 1 },
  tasksDone: 1,
  records: 1,
  metrics: {},
  fuel: 1,
  cost: 0,
  seed: 0,
  params: {},
};
