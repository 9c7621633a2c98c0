import { GridError } from "../../protocol/errors.ts";
import {
  datasetSchema,
  type UploadStatus,
  uploadStatusSchema,
} from "../../protocol/http-datasets.ts";
import type { Deps } from "../deps.ts";
import { bodyOf } from "../http/body.ts";
import { type ApiContext, headerOf, principalOf } from "../http/context.ts";
import { datasetCreated } from "../http/dataset-view.ts";
import { keepAnswer, keptAnswer } from "../http/idempotency.ts";
import { problemResponse } from "../http/problem.ts";
import { json, type Route } from "../http/route.ts";

const tag = "Datasets";
const path = "/v1/datasets/uploads/:key";

/**
 * Going on with an upload whose connection broke, in the manner of Resumable Uploads for HTTP
 * (draft-ietf-httpbis-resumable-upload-15, November 2026): an upload resource tells its offset and takes the rest. It
 * differs in how the resource is found. The draft names it in an interim response, which pages cannot read; here it is
 * named by the Idempotency-Key of the request that began the upload, which whoever sent that knows in any case.
 */
export function uploadRoutes({ catalog, uploads, names, metrics, config }: Deps): Route[] {
  function asked(c: ApiContext) {
    const { account } = principalOf(c);
    const key = c.req.param("key")!;
    return { key, kept: `${account} ${key}`, session: uploads.find(account, key) };
  }

  function gone(key: string): GridError {
    return new GridError("not-found", "The server has nothing of this upload.", {
      name: key,
      hint: "It was given up, or the server was restarted. Begin anew with the same Idempotency-Key.",
    });
  }

  return [
    {
      operation: {
        method: "get",
        path,
        id: "getUpload",
        tag,
        summary: "How much of an upload the server has",
        description:
          "key is the Idempotency-Key that the upload was begun with. Also in the headers Upload-Offset and Upload-Complete, so that HEAD does as well. An upload waits some minutes for its next connection, and not across a restart of the server.",
        auth: "member",
        scope: "datasets",
        responses: { 200: { description: "Where to go on", schema: uploadStatusSchema } },
      },
      handle(c) {
        const { key, kept, session } = asked(c);
        session?.dropStalled();
        if (!session && !keptAnswer(catalog, kept)) throw gone(key);
        const status: UploadStatus = session
          ? { complete: false, offset: session.offset, busy: session.isBusy }
          : { complete: true };
        return json(status, 200, {
          "cache-control": "no-store",
          "upload-complete": session ? "?0" : "?1",
          ...(session ? { "upload-offset": String(session.offset) } : {}),
        });
      },
    },
    {
      operation: {
        method: "patch",
        path,
        id: "continueUpload",
        tag,
        summary: "Go on with an upload",
        description:
          "The body is the data from Upload-Offset on. With Upload-Complete: ?1 (the default) its end is that of the data, and the answer is that of the upload; with ?0 more will follow. An offset that is not the server's is refused (409), with the right one in Upload-Offset. Of an upload that is complete, the answer is given again.",
        auth: "member",
        scope: "datasets",
        headers: {
          "Upload-Offset": "where in the data the body begins, in bytes",
          "Upload-Complete": "?1 or ?0",
        },
        body: { contentType: "application/partial-upload", description: "The rest of the data" },
        responses: {
          201: { description: "Stored", schema: datasetSchema },
          204: { description: "Taken; more is to follow" },
        },
      },
      async handle(c) {
        const { key, kept, session } = asked(c);
        if (!session) {
          const answer = keptAnswer(catalog, kept);
          if (answer) return answer;
          throw gone(key);
        }
        const offset = offsetOf(c);
        const last = isLast(c);
        session.dropStalled();
        if (offset !== session.offset) {
          const error = new GridError("conflict", `The server has ${session.offset} bytes.`, {
            limit: session.offset,
            hint: "Go on from there.",
          });
          return problemResponse(error, c.req.path, { "upload-offset": String(session.offset) });
        }
        requireTotal(c, offset, session.totalBytes, last);
        const body = bodyOf(c, Math.max(config.datasetBytesMax - offset, 0));
        if (last)
          return await keepAnswer(catalog, kept, c.req.path, async () => {
            const row = (await session.receive(body))!;
            metrics.uploaded(row.bytes);
            return datasetCreated(row, names);
          });
        await session.receive(body, { last });
        return new Response(null, {
          status: 204,
          headers: { "upload-offset": String(session.offset), "upload-complete": "?0" },
        });
      },
    },
    {
      operation: {
        method: "delete",
        path,
        id: "cancelUpload",
        tag,
        summary: "Give up an upload that is not complete",
        auth: "member",
        scope: "datasets",
        responses: { 204: { description: "Given up" } },
      },
      handle(c) {
        const { key, session } = asked(c);
        if (!session) throw gone(key);
        session.abort("it was cancelled");
        return new Response(null, { status: 204 });
      },
    },
  ];
}

function offsetOf(c: ApiContext): number {
  const given = headerOf(c, "upload-offset") ?? "";
  if (/^\d{1,15}$/.test(given)) return Number(given);
  throw new GridError("bad-request", "Upload-Offset is the number of bytes that came before.", {
    name: "Upload-Offset",
  });
}

/** A boolean of structured fields (RFC 9651). */
function isLast(c: ApiContext): boolean {
  const given = headerOf(c, "upload-complete") ?? "?1";
  if (given === "?1" || given === "?0") return given === "?1";
  throw new GridError("bad-request", "Upload-Complete is ?1 or ?0.", { name: "Upload-Complete" });
}

/** Before anything is taken: the session could not be gone on with afterwards. */
function requireTotal(
  c: ApiContext,
  offset: number,
  totalBytes: number | undefined,
  last: boolean,
): void {
  const length = headerOf(c, "content-length");
  if (totalBytes === undefined || length === undefined) return;
  const end = offset + Number(length);
  if (last ? end === totalBytes : end <= totalBytes) return;
  throw new GridError(
    "bad-request",
    `The upload was announced with ${totalBytes} bytes; this would make it ${end}.`,
    { limit: totalBytes },
  );
}
