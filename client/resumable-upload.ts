import { GridError } from "../protocol/errors.ts";
import {
  type Dataset,
  datasetSchema,
  type UploadQuery,
  type UploadStatus,
  uploadStatusSchema,
} from "../protocol/http-datasets.ts";
import { ConnectionError } from "./connection-error.ts";
import { pauseMs, retryPolicyDefault, sleep } from "./retry.ts";
import type { Transport } from "./transport.ts";

/** Connections in a row that brought nothing, before it is given up. */
const fruitlessMax = 5;
/** Another connection of the same upload, maybe one that is dead, is waited for. */
const busyPauseMs = 1_000;
/** The network takes nothing for so long: the connection is dead, though nobody said so. */
const stalledMsDefault = 60_000;
/** Once all is sent, what waits on the way and in the server still has to be stored. */
const answerFactor = 4;
const cancelMsMax = 5_000;
const cancelAttempts = 3;
const cancelPauseMs = 200;

export interface ResumableUpload {
  query: Partial<UploadQuery>;
  contentEncoding: string | undefined;
  bytes: number;
  /** The data from an offset on. */
  body: (from: number) => ReadableStream<Uint8Array>;
  /** How far the present connection has come. */
  sent: () => number;
  /** The connection broke; it goes on from this byte. 0: the server has nothing of it any more. */
  onResume: ((from: number) => void) | undefined;
  signal: AbortSignal | undefined;
  stalledMs?: number;
}

/**
 * Uploads over as many connections as it takes: what the server has is not sent again. When it was restarted meanwhile
 * the upload begins anew, under the same Idempotency-Key, so that it is one dataset in any case. Who aborts gives up what
 * the server has.
 * @throws GridError, ConnectionError, the signal's reason
 */
export async function uploadResumably(
  transport: Transport,
  upload: ResumableUpload,
): Promise<Dataset> {
  const key = crypto.randomUUID();
  try {
    return await send(transport, upload, key);
  } catch (error) {
    if (upload.signal?.aborted) await cancel(transport, key);
    throw error;
  }
}

async function send(transport: Transport, upload: ResumableUpload, key: string): Promise<Dataset> {
  const { signal } = upload;
  let from = 0;
  let begun = false;
  for (let fruitless = 0; ; ) {
    try {
      return await sendFrom(transport, upload, key, begun ? from : undefined);
    } catch (error) {
      signal?.throwIfAborted();
      if (!isPassing(error)) throw error;
      fruitless = upload.sent() > from ? 0 : fruitless + 1;
      if (fruitless > fruitlessMax) throw error;
      await sleep(pauseMs(retryPolicyDefault, fruitless + 1), signal);
      const status = await statusOf(transport, key, signal);
      begun = status !== undefined;
      from = status === undefined ? 0 : status.complete ? upload.bytes : status.offset;
      upload.onResume?.(from);
    }
  }
}

/** One connection, ended when nothing moves on it although there is more to send. */
async function sendFrom(
  transport: Transport,
  upload: ResumableUpload,
  key: string,
  from: number | undefined,
): Promise<Dataset> {
  const { bytes, sent, signal, stalledMs = stalledMsDefault } = upload;
  const stalled = new AbortController();
  let last = sent();
  let movedAtMs = performance.now();
  const watch = setInterval(() => {
    const silentMs = performance.now() - movedAtMs;
    if (sent() !== last) {
      last = sent();
      movedAtMs = performance.now();
    } else if (silentMs > (last < bytes ? stalledMs : stalledMs * answerFactor))
      stalled.abort(
        new ConnectionError(
          transport.url,
          `nothing moved for ${Math.round(stalledMs / 1000)} seconds`,
          "the network between here and there may be gone",
        ),
      );
  }, stalledMs / 10);
  const both = signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal;
  try {
    return await request(transport, { ...upload, signal: both }, key, from);
  } finally {
    clearInterval(watch);
  }
}

function request(
  transport: Transport,
  { query, contentEncoding, bytes, body, signal }: ResumableUpload,
  key: string,
  from: number | undefined,
): Promise<Dataset> {
  const start = from ?? 0;
  const common = {
    body: () => body(start),
    replayable: false,
    unhurried: true,
    signal,
  };
  const length = { "content-length": String(bytes - start) };
  if (from !== undefined)
    return transport.json(
      {
        ...common,
        method: "PATCH",
        path: pathOf(key),
        headers: {
          ...length,
          "content-type": "application/partial-upload",
          "upload-offset": String(from),
          "upload-complete": "?1",
        },
      },
      datasetSchema,
    );
  return transport.json(
    {
      ...common,
      method: "POST",
      path: "/v1/datasets",
      query,
      headers: {
        ...length,
        "content-type": "application/octet-stream",
        "idempotency-key": key,
        ...(contentEncoding === undefined ? {} : { "content-encoding": contentEncoding }),
      },
    },
    datasetSchema,
  );
}

/** Undefined when the server has nothing of it. */
async function statusOf(
  transport: Transport,
  key: string,
  signal: AbortSignal | undefined,
): Promise<UploadStatus | undefined> {
  for (;;) {
    try {
      const status = await transport.json({ path: pathOf(key), signal }, uploadStatusSchema);
      if (status.complete || !status.busy) return status;
    } catch (error) {
      if (error instanceof GridError && error.code === "not-found") return undefined;
      throw error;
    }
    await sleep(busyPauseMs, signal);
  }
}

/**
 * What it leaves behind would be given up by itself in a while. The server may not have begun with it yet: what was sent
 * can still be on its way.
 */
async function cancel(transport: Transport, key: string): Promise<void> {
  const signal = AbortSignal.timeout(cancelMsMax);
  for (let attempt = 1; attempt <= cancelAttempts; attempt++) {
    try {
      await transport.open({ method: "DELETE", path: pathOf(key), signal });
      return;
    } catch (error) {
      if (!(error instanceof GridError && error.code === "not-found")) return;
      await sleep(cancelPauseMs * attempt);
    }
  }
}

/** A lost connection, or a server that cannot now; a conflict is about the offset, which is asked for again. */
function isPassing(error: unknown): boolean {
  if (error instanceof ConnectionError) return true;
  if (!(error instanceof GridError)) return false;
  const { code, fault } = error;
  return (
    (fault === "platform" && code !== "internal" && code !== "disk-full") ||
    code === "upload-incomplete" ||
    code === "too-many-requests" ||
    code === "conflict" ||
    code === "not-found"
  );
}

function pathOf(key: string): string {
  return `/v1/datasets/uploads/${encodeURIComponent(key)}`;
}
