import { type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { createAdaptorServer } from "@hono/node-server";
import type { Hono } from "hono";
import { WebSocketServer } from "ws";
import { GridError } from "../../protocol/errors.ts";
import { problemContentType } from "../../protocol/http-common.ts";
import { frameBytesMax } from "../../protocol/limits.ts";
import type { Authenticator } from "../accounts/principal.ts";
import { requireScope } from "../accounts/principal.ts";
import type { SocketGateway } from "../deps.ts";
import type { ApiEnv } from "./context.ts";
import { problemOf, toGridError } from "./problem.ts";

/** A connection on which nothing moves; events have a heartbeat, and an invoke waits less. */
const idleMs = 180_000;
const headersMs = 30_000;
/** Longer than the idle time of common proxies and clients, so that they, not we, close a kept connection. */
const keepAliveMs = 75_000;
const runnerPath = "/v1/runner";
const drainPollMs = 20;

export interface ServerOptions {
  app: Hono<ApiEnv>;
  gateway: SocketGateway;
  authenticator: Authenticator;
  stopping: AbortSignal;
  host: string;
  port: number;
}

export interface RunningServer {
  port: number;
  /** Stops accepting and waits, at most `drainMs`, for requests under way. Runners stay connected. */
  drain(drainMs: number): Promise<void>;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** @throws Error EADDRINUSE, EACCES, … */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { app, host, port } = options;
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: { keepAliveTimeout: keepAliveMs, headersTimeout: headersMs, requestTimeout: 0 },
  }) as Server;
  server.timeout = idleMs;
  let underWay = 0;
  server.on("request", (_request, response) => {
    underWay++;
    response.once("close", () => {
      underWay--;
    });
  });
  const sockets = acceptRunners(server, options);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const closed = Promise.withResolvers<void>();
  let draining = false;
  return {
    port: (server.address() as AddressInfo).port,
    async drain(drainMs) {
      draining = true;
      server.close(() => closed.resolve());
      server.closeIdleConnections();
      const endMs = performance.now() + drainMs;
      while (underWay > 0 && performance.now() < endMs)
        await new Promise((resolve) => setTimeout(resolve, drainPollMs));
    },
    async close() {
      if (!draining) server.close(() => closed.resolve());
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

/**
 * Runners' sockets go straight to `ws`: node-server's helper would copy every message once more. Compression is off,
 * since payloads are compressed or random already.
 */
function acceptRunners(server: Server, options: ServerOptions): WebSocketServer {
  const { gateway, authenticator, stopping } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: 2 * frameBytesMax,
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const path = (request.url ?? "/").split("?")[0]!;
    const { authorization } = request.headers;
    const accept = async () => {
      if (path !== runnerPath) throw new GridError("not-found", `There is no socket at ${path}.`);
      const owner = await authenticator.authenticate({ authorization });
      requireScope(owner, "runners");
      if (stopping.aborted) throw new GridError("shutting-down", "The server is shutting down.");
      sockets.handleUpgrade(request, socket, head, (accepted) =>
        gateway.accept(accepted, owner.account, owner.key),
      );
    };
    accept().catch((error: unknown) => refuse(socket, toGridError(error), path));
  });
  return sockets;
}

function refuse(socket: Duplex, error: GridError, path: string): void {
  const body = JSON.stringify(problemOf(error.toBody(), path));
  socket.end(
    [
      `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
      `content-type: ${problemContentType}`,
      `content-length: ${Buffer.byteLength(body)}`,
      "connection: close",
      "",
      body,
    ].join("\r\n"),
  );
}
