import { z } from "zod";
import { GridError } from "../../protocol/errors.ts";
import type { JobEvent } from "../../protocol/events.ts";
import type { Deps } from "../deps.ts";
import { readQuery } from "../http/body.ts";
import { type ApiContext, headerOf } from "../http/context.ts";
import { callAsJob } from "../http/recent-calls.ts";
import type { Route } from "../http/route.ts";
import { eventStream, type JobEventSource } from "../http/sse.ts";
import { type Viewer, viewerOf } from "../http/viewer.ts";

const querySchema = z.strictObject({
  after: z.coerce.number().int().min(0).optional(),
  batch: z.enum(["true", "false"]).optional(),
});

export function eventRoutes(deps: Deps): Route[] {
  const { store, calls, jobReader, stopping, clock } = deps;

  /** What is left to tell of a job whose events are no longer kept: how it ended. */
  async function lastWord(id: string): Promise<JobEvent | undefined> {
    const { status, error, endedAt } = await jobReader.read(id);
    return endedAt === undefined
      ? undefined
      : { type: "status", status, ...(error ? { error } : {}) };
  }

  function sourceOf(viewer: Viewer, id: string): JobEventSource {
    const call = calls.get(viewer, id);
    if (!call) {
      jobReader.row(viewer, id);
      return {
        read: (after, limit) => store.events.read(id, after, limit),
        watch: (listener) => store.events.watch(id, listener),
        lastWord: () => lastWord(id),
      };
    }
    const { status, error } = callAsJob(call);
    return {
      read: async () => [],
      watch: () => () => undefined,
      lastWord: async () => ({ type: "status", status, ...(error ? { error } : {}) }),
    };
  }

  return [
    {
      operation: {
        method: "get",
        path: "/v1/jobs/:id/events",
        id: "watchJob",
        tag: "Jobs",
        summary: "A job's numbered events, live",
        description:
          "Server-sent events. Events after Last-Event-ID (or ?after=) come first, then new ones as they happen; the stream ends after the job's last status. With batch=true those that come together are one message, `event: batch`, whose data is a list of them, each with its number and time: some fifty a second at most.",
        auth: "member",
        scope: "jobs",
        query: querySchema,
        headers: { "Last-Event-ID": "number of the last event that was seen" },
        responses: {
          200: { description: "id, event and data lines", contentTypes: ["text/event-stream"] },
        },
      },
      handle(c) {
        const after = afterOf(c);
        const source = sourceOf(viewerOf(c), c.req.param("id")!);
        const headers = {
          "content-type": "text/event-stream; charset=utf-8",
          "cache-control": "no-cache, no-transform",
          "x-accel-buffering": "no",
        };
        if (c.req.raw.method === "HEAD") return new Response(null, { headers });
        const batch = readQuery(c, querySchema).batch === "true";
        return new Response(eventStream(source, { after, stopping, clock, batch }), { headers });
      },
    },
  ];
}

function afterOf(c: ApiContext): number {
  const { after } = readQuery(c, querySchema);
  const last = headerOf(c, "last-event-id");
  if (last === undefined || last === "") return after ?? 0;
  const number = Number(last);
  if (!Number.isSafeInteger(number) || number < 0)
    throw new GridError("bad-request", "Last-Event-ID is not the number of an event.", {
      name: "Last-Event-ID",
    });
  return number;
}
