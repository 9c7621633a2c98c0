import { sleep } from "../../../client/retry.ts";
import { GridError } from "../../../protocol/errors.ts";
import type { Dataset, UploadStatus } from "../../../protocol/http-datasets.ts";
import { api } from "../../lib/api/index.ts";
import { type Query, Unreachable } from "../../lib/api/request.ts";
import { isPassing, sendFile } from "../../lib/api/send-file.ts";

/** Nothing got through for so long: somebody should have a look at it. What the server has it keeps a little longer. */
const patienceMs = 10 * 60_000;
const askAgainMs = 1_000;

/** waiting: the connection broke · resumed: it goes on where the server is · restarted: from the beginning */
export type Interruption = "waiting" | "resumed" | "restarted";

export interface DatasetUpload {
  query: Query;
  contentEncoding: "gzip" | "zstd" | undefined;
  /** Names the upload to the server; the same for each attempt. */
  key: string;
  /** The server may have a part of it, from an attempt that was given up. */
  begun: boolean;
  /** Of the whole file. Less than before when a part has to be sent again. */
  onSent: (bytes: number) => void;
  onInterruption: (what: Interruption) => void;
  signal: AbortSignal;
}

/**
 * Sends a file over as many connections as it takes: what the server has is not sent again.
 * @throws GridError, Unreachable, the signal's reason
 */
export async function sendDataset(file: Blob, upload: DatasetUpload): Promise<Dataset> {
  try {
    return await send(file, upload);
  } catch (error) {
    if (upload.signal.aborted) void giveUp(upload.key);
    throw error;
  }
}

async function send(file: Blob, upload: DatasetUpload): Promise<Dataset> {
  const { signal, onSent, onInterruption } = upload;
  let movedAtMs = performance.now();
  let most = 0;
  let from: number | undefined;
  if (upload.begun) from = await placeOf(file, upload, () => patienceMs);
  for (;;) {
    const start = from ?? 0;
    onSent(start);
    try {
      return await sendFile<Dataset>(start === 0 ? file : file.slice(start), {
        ...requestOf(upload, from),
        before: start,
        onSent: (bytes) => {
          if (start + bytes > most) movedAtMs = performance.now();
          most = Math.max(most, start + bytes);
          onSent(start + bytes);
        },
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      const leftMs = () => patienceMs - (performance.now() - movedAtMs);
      if (!mayGoOn(error) || leftMs() <= 0) throw error;
      onInterruption("waiting");
      await sleep(askAgainMs, signal);
      from = await placeOf(file, upload, leftMs);
      onInterruption(from === undefined ? "restarted" : "resumed");
      // What has to be sent again is progress, too.
      if (from === undefined) most = 0;
    }
  }
}

function requestOf({ query, contentEncoding, key }: DatasetUpload, from: number | undefined) {
  if (from === undefined)
    return {
      method: "POST" as const,
      path: "/v1/datasets",
      query,
      contentEncoding,
      idempotencyKey: key,
    };
  const headers = {
    "content-type": "application/partial-upload",
    "upload-offset": String(from),
    "upload-complete": "?1",
  };
  return { method: "PATCH" as const, path: pathOf(key), headers };
}

/** From which byte to go on, once the server answers; undefined when it has nothing of it. */
async function placeOf(
  file: Blob,
  { key, signal }: DatasetUpload,
  leftMs: () => number,
): Promise<number | undefined> {
  for (;;) {
    try {
      const status = await api.json<UploadStatus>(pathOf(key), { signal });
      if (status.complete) return file.size;
      // The connection that broke is not known to be dead, or another tab is at it.
      if (!status.busy) return status.offset;
    } catch (error) {
      if (error instanceof GridError && error.code === "not-found") return undefined;
      if (!(error instanceof Unreachable) || leftMs() <= 0) throw error;
    }
    await sleep(askAgainMs, signal);
  }
}

/** What is left would be given up by the server itself in a while. */
async function giveUp(key: string): Promise<void> {
  await api.json(pathOf(key), { method: "DELETE" }).catch(() => {});
}

/** A broken connection, a server that cannot now, or one that is further or less far than it was thought to be. */
function mayGoOn(error: unknown): boolean {
  const aboutPlace = ["conflict", "not-found", "too-many-requests", "upload-incomplete"];
  return isPassing(error) || (error instanceof GridError && aboutPlace.includes(error.code));
}

function pathOf(key: string): string {
  return `/v1/datasets/uploads/${encodeURIComponent(key)}`;
}
