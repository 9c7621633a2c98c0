import { randomBytes } from "node:crypto";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { GridError } from "../../protocol/errors.ts";
import type { Config } from "../config.ts";
import type { RunnerHost } from "../host.ts";
import type { Governor } from "../limits/governor.ts";
import type { RunnerLog } from "../log.ts";
import type { LogRing } from "../log-ring.ts";
import type { SettingsFile } from "../settings/settings-file.ts";
import { guard } from "./guard.ts";

export interface PageOptions {
  config: Config;
  host: RunnerHost;
  governor: Governor;
  file: SettingsFile;
  ring: LogRing;
  log: RunnerLog;
  version: string;
  startedAt: string;
}

export interface OpenPage {
  url: string;
  close(): Promise<void>;
}

/** Never another address: whoever can reach it can pause the machine. */
const address = "127.0.0.1";
/** Ports that are tried, from the wanted one on, before any free one is taken. */
const portsTried = 20;
const bodyBytesMax = 64 * 1024;

/** Nothing from elsewhere, nothing into frames, no scripts but its own. */
const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/** Serves the page to its owner's browser. Undefined when it is off. @throws Error EACCES, … */
export async function openPage(options: PageOptions): Promise<OpenPage | undefined> {
  const { config, log } = options;
  if (config.page === "off") return undefined;
  const token = randomBytes(24).toString("base64url");
  const closing = new AbortController();
  let port = 0;
  let listener: Promise<RequestListener> | undefined;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    try {
      const path = (request.url ?? "/").split("?")[0]!;
      const header = (name: string) => {
        const value = request.headers[name];
        return Array.isArray(value) ? value.join(",") : value;
      };
      guard({ method: request.method ?? "GET", path, header }, { port, token });
      if (Number(header("content-length") ?? 0) > bodyBytesMax || header("transfer-encoding"))
        throw new GridError("body-too-large", `A body has at most ${bodyBytesMax} bytes.`);
      // What serves it takes 25 MB: nobody who never looks at the page pays for that.
      listener ??= import("./listener.ts").then(({ createListener }) =>
        createListener(options, token, closing.signal),
      );
      (await listener)(request, response);
    } catch (error) {
      await refuse(response, error, request.url ?? "/");
    }
  };

  const server = process
    .getBuiltinModule("node:http")
    .createServer(
      { requestTimeout: 10_000 },
      (request, response) => void answer(request, response),
    );
  port = await listen(server, config.page);
  const url = `http://${address}:${port}`;
  if (port !== config.page && config.page !== 0)
    log.info({ page: url }, `this machine's page; port ${config.page} was taken`);
  else log.info({ page: url }, "this machine's page");
  return {
    url,
    async close() {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function refuse(response: ServerResponse, error: unknown, path: string): Promise<void> {
  const { problemOf } = await import("./problem.ts");
  const problem = problemOf(error, path);
  // What else the request may bring is not read.
  response.writeHead(problem.status, {
    "content-type": "application/problem+json",
    connection: "close",
  });
  response.end(JSON.stringify(problem));
}

/** Returns the port: the wanted one, or the next that is free. */
async function listen(server: Server, wanted: number): Promise<number> {
  const ports = Array.from({ length: wanted === 0 ? 0 : portsTried }, (_, i) => wanted + i);
  for (const port of [...ports.filter((each) => each <= 65_535), 0]) {
    const taken = await new Promise<boolean>((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException): void => {
        if (error.code === "EADDRINUSE") resolve(true);
        else reject(error);
      };
      server.once("error", onError);
      server.listen(port, address, () => {
        server.off("error", onError);
        resolve(false);
      });
    });
    if (!taken) break;
  }
  return (server.address() as AddressInfo).port;
}
