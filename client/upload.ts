import { type Dataset, datasetSchema, type UploadQuery } from "../protocol/http.ts";
import { uploadResumably } from "./resumable-upload.ts";
import type { Transport } from "./transport.ts";

/** A file's path, bytes in memory, a Blob, or a stream that can be read once. */
export type UploadSource =
  | string
  | Uint8Array
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

export interface UploadOptions extends Partial<Omit<UploadQuery, "format">> {
  format: UploadQuery["format"];
  /** What the bytes are compressed with already; the client never recodes them. */
  contentEncoding?: "gzip" | "zstd" | undefined;
  /** Length of a stream when the caller knows it, so that the API notices a cut-off. */
  bytes?: number | undefined;
  /** Bytes handed to the network so far, of how many (undefined when unknown). */
  onProgress?: ((sentBytes: number, totalBytes: number | undefined) => void) | undefined;
  /** The connection broke, and the upload goes on from this byte; from 0 when the server has nothing of it any more. */
  onResume?: ((fromByte: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

type Bytes = AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** Data that may be read as often as it takes, from any byte on, or a stream that may be read once. */
type Opened =
  | { bytes: number; from: (start: number) => Bytes }
  | { bytes: number | undefined; once: Bytes };

const fileChunkBytes = 256 * 1024;

/** Streams data up in constant memory; see `Client.datasets.upload`. */
export async function uploadDataset(
  transport: Transport,
  source: UploadSource,
  options: UploadOptions,
): Promise<Dataset> {
  const { contentEncoding, bytes, onProgress, onResume, signal, ...query } = options;
  const opened = await open(source, bytes);
  const total = opened.bytes;
  onProgress?.(0, total);
  if ("from" in opened) {
    let sent = 0;
    const progress = (sentBytes: number) => {
      sent = sentBytes;
      onProgress?.(sentBytes, total);
    };
    return uploadResumably(transport, {
      ...{ query, contentEncoding, bytes: opened.bytes, signal },
      body: (start) => ReadableStream.from(counted(opened.from(start), start, progress)),
      sent: () => sent,
      onResume: (from) => {
        progress(from);
        onResume?.(from);
      },
    });
  }
  const headers: Record<string, string> = { "content-type": "application/octet-stream" };
  if (contentEncoding !== undefined) headers["content-encoding"] = contentEncoding;
  if (total !== undefined) headers["content-length"] = String(total);
  const body = counted(opened.once, 0, (sent) => onProgress?.(sent, total));
  return transport.json(
    {
      ...{ method: "POST", path: "/v1/datasets", query, headers, signal },
      body: () => ReadableStream.from(body),
      replayable: false,
      unhurried: true,
    },
    datasetSchema,
  );
}

async function* counted(
  bytes: Bytes,
  start: number,
  progress: (sentBytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let sent = start;
  for await (const chunk of bytes) {
    yield chunk;
    sent += chunk.byteLength;
    progress(sent);
  }
}

async function open(source: UploadSource, bytes: number | undefined): Promise<Opened> {
  if (typeof source === "string") {
    // Only here does the client touch the disk; it runs in a browser as long as no path is given.
    const { createReadStream, promises } = await import("node:fs");
    const { size } = await promises.stat(source);
    return {
      bytes: size,
      // As large as it was: what is appended meanwhile is not of this upload.
      from: (start) =>
        start >= size
          ? slices(new Uint8Array())
          : createReadStream(source, { start, end: size - 1, highWaterMark: fileChunkBytes }),
    };
  }
  if (source instanceof Uint8Array)
    return { bytes: source.byteLength, from: (start) => slices(source.subarray(start)) };
  if (source instanceof Blob)
    return { bytes: source.size, from: (start) => source.slice(start).stream() };
  return { bytes, once: source };
}

async function* slices(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.byteLength; at += fileChunkBytes)
    yield bytes.subarray(at, at + fileChunkBytes);
}
