import { Readable } from "node:stream";
import { GridError } from "../../protocol/errors.ts";
import type { Deps } from "../deps.ts";
import { headerOf } from "../http/context.ts";
import { inertHeaders } from "../http/inert.ts";
import type { RecentCall } from "../http/recent-calls.ts";
import {
  binaryType,
  csvType,
  jsonType,
  ndjsonType,
  type Representation,
  representResult,
} from "../http/result-format.ts";
import type { Route } from "../http/route.ts";
import { type Viewer, viewerOf } from "../http/viewer.ts";

export function resultRoutes({ jobs, jobReader, calls }: Deps): Route[] {
  async function nativeResult(
    viewer: Viewer,
    id: string,
  ): Promise<Representation & { records?: number }> {
    const call = calls.get(viewer, id);
    if (call) return resultOfCall(call);
    const row = jobReader.row(viewer, id);
    if (row.gone)
      throw new GridError("result-gone", `The result of job ${id} is no longer kept.`, {
        hint: "Submit the job again: the same function, input and seed give the same result.",
      });
    return jobs.result(id);
  }

  return [
    {
      operation: {
        method: "get",
        path: "/v1/jobs/:id/result",
        id: "getResult",
        tag: "Jobs",
        summary: "A job's result, streamed",
        description:
          "map: one JSON output a line, in input order. mapReduce: a {key, value} object a line, in order of keys. iterate: one JSON value. Functions that give bytes: those bytes. Accept chooses another form.",
        auth: "member",
        scope: "jobs",
        headers: { Accept: "the form of the result" },
        responses: {
          200: {
            description: "The result",
            contentTypes: [ndjsonType, jsonType, csvType, binaryType],
          },
        },
      },
      async handle(c) {
        const native = await nativeResult(viewerOf(c), c.req.param("id")!);
        const { contentType, body } = await representResult(native, headerOf(c, "accept"));
        await begun(body);
        const headers: Record<string, string> = {
          ...inertHeaders,
          "content-type": contentType,
          vary: "Accept",
        };
        if (native.records !== undefined) headers["x-records"] = String(native.records);
        if (c.req.raw.method === "HEAD") {
          body.destroy();
          return new Response(null, { headers });
        }
        return new Response(Readable.toWeb(body) as ReadableStream, { headers });
      },
    },
  ];
}

/** Waits for the first bytes, so that a result whose parts are gone is a problem document, not a cut connection. */
async function begun(body: Readable): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const started = () => resolve();
  body.once("readable", started).once("end", started).once("error", reject);
  try {
    await promise;
  } finally {
    body.off("readable", started).off("end", started).off("error", reject);
  }
}

function resultOfCall(call: RecentCall): Representation {
  if (call.error) throw new GridError("job-failed", call.error.message, call.error.details);
  if (!call.body)
    throw new GridError("result-gone", "The result of this invocation was too large to keep.", {
      hint: "It was the answer to the invocation itself; invoke again, or submit a job.",
    });
  const { output } = call.version.description;
  const contentType = output.type === "bytes" ? output.contentType : jsonType;
  return { contentType, body: Readable.from([Buffer.from(call.body)], { objectMode: false }) };
}
