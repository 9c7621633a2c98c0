import type { RequestListener } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { createPageApp } from "./app.ts";
import type { PageOptions } from "./open-page.ts";
import { ServerReads } from "./server-reads.ts";
import { StaticFiles } from "./static-files.ts";

/** All that answers requests, made when the first one comes. */
export function createListener(
  options: PageOptions,
  token: string,
  closing: AbortSignal,
): RequestListener {
  const { config, host, governor, file, ring, version, startedAt } = options;
  const clock = Date.now;
  const app = createPageApp({
    host,
    governor,
    file,
    ring,
    version,
    startedAt,
    clock,
    closing,
    suggestedServer: config.url,
    reads: new ServerReads({ host, version, build: config.build, clock }),
    files: new StaticFiles(token),
  });
  return getRequestListener(app.fetch, { overrideGlobalObjects: false }) as RequestListener;
}
