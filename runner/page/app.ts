import { Hono } from "hono";
import type { z } from "zod";
import { GridError } from "../../protocol/errors.ts";
import { problemContentType } from "../../protocol/http-common.ts";
import {
  joinServerSchema,
  logQuerySchema,
  pauseRequestSchema,
  settingsChangeSchema,
} from "../../protocol/http-runner-page.ts";
import { parsePause } from "../commands/pause-time.ts";
import type { RunnerHost } from "../host.ts";
import type { Governor } from "../limits/governor.ts";
import type { LogRing } from "../log-ring.ts";
import type { SettingsFile } from "../settings/settings-file.ts";
import { eventStream } from "./event-stream.ts";
import { pageState } from "./page-state.ts";
import { problemOf } from "./problem.ts";
import type { ServerReads } from "./server-reads.ts";
import type { StaticFile, StaticFiles } from "./static-files.ts";

export interface PageParts {
  host: RunnerHost;
  governor: Governor;
  file: SettingsFile;
  ring: LogRing;
  reads: ServerReads;
  files: StaticFiles;
  version: string;
  startedAt: string;
  suggestedServer: string | undefined;
  clock: () => number;
  /** Aborts when the page closes. */
  closing: AbortSignal;
}

/** The page and what it asks. Where a request comes from was looked at before it (guard.ts). */
export function createPageApp(parts: PageParts): Hono {
  const { host, governor, file, ring, reads, files, clock, closing } = parts;
  const app = new Hono();
  const state = () => pageState(parts);

  /** What was changed holds before the answer is sent. */
  const change = async (settings: z.infer<typeof settingsChangeSchema>) => {
    await file.change(settings);
    await governor.reload();
    return state();
  };

  app.get("/", async () => fileResponse(await files.page()));
  app.get("/api/state", (c) => c.json(state()));
  app.get("/api/samples", (c) => c.json({ items: host.runner?.samples.all ?? [] }));
  app.get("/api/log", (c) => {
    const { lines } = parse(logQuerySchema, c.req.query());
    return c.json({ items: ring.lines.slice(-lines) });
  });
  app.get("/api/events", (c) => eventStream(c, { host, ring, state, closing }));
  app.get("/api/earnings", async (c) => c.json(await reads.earnings()));
  app.get("/api/update", async (c) => c.json(await reads.update()));
  app.post("/api/join", async (c) => {
    const { url } = parse(joinServerSchema, await body(c.req.raw));
    await host.join(url);
    return c.json(state(), 202);
  });
  app.post("/api/join/cancel", (c) => {
    host.leave();
    return c.json(state());
  });
  app.patch("/api/settings", async (c) =>
    c.json(await change(parse(settingsChangeSchema, await body(c.req.raw)))),
  );
  app.post("/api/pause", async (c) => {
    const { until } = parse(pauseRequestSchema, await body(c.req.raw));
    return c.json(await change({ pause: parsePause(until, clock()) }));
  });
  app.post("/api/resume", async (c) => c.json(await change({ pause: null })));
  app.get("/*", async (c) => {
    const found = await files.file(c.req.path.slice(1));
    if (!found) throw new GridError("not-found", `There is nothing at ${c.req.path}.`);
    return fileResponse(found);
  });
  app.notFound((c) => {
    throw new GridError("not-found", `There is nothing at ${c.req.method} ${c.req.path}.`);
  });
  app.onError((error, c) => {
    const problem = problemOf(error, c.req.path);
    return new Response(JSON.stringify(problem), {
      status: problem.status,
      headers: { "content-type": problemContentType },
    });
  });
  return app;
}

function fileResponse({ type, body: bytes, immutable }: StaticFile): Response {
  return new Response(new Uint8Array(bytes), {
    headers: {
      "content-type": type,
      "cache-control": immutable ? "public, max-age=31536000, immutable" : "no-store",
    },
  });
}

async function body(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch (cause) {
    throw new GridError("bad-request", "The body is not JSON.", {}, { cause });
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join(".")}: ${message}` : message,
  );
  throw new GridError("bad-request", faults.join("; "));
}
