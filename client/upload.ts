import { type Dataset, datasetSchema, type UploadQuery } from "../protocol/http.ts";
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
  signal?: AbortSignal | undefined;
}

interface Opened {
  /** A fresh pass over the data. */
  read: () => AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;
  bytes: number | undefined;
  /** Whether `read` may be called again for another attempt. */
  replayable: boolean;
}

const fileChunkBytes = 256 * 1024;

/** Streams data up in constant memory; see `Client.datasets.upload`. */
export async function uploadDataset(
  transport: Transport,
  source: UploadSource,
  options: UploadOptions,
): Promise<Dataset> {
  const { contentEncoding, bytes, onProgress, signal, ...query } = options;
  const opened = await open(source, bytes);
  const headers: Record<string, string> = { "content-type": "application/octet-stream" };
  if (contentEncoding !== undefined) headers["content-encoding"] = contentEncoding;
  if (opened.bytes !== undefined) headers["content-length"] = String(opened.bytes);
  return transport.json(
    {
      method: "POST",
      path: "/v1/datasets",
      query,
      headers,
      body: () => ReadableStream.from(counted(opened, onProgress)),
      replayable: opened.replayable,
      unhurried: true,
      signal,
    },
    datasetSchema,
  );
}

async function* counted(
  opened: Opened,
  onProgress: UploadOptions["onProgress"],
): AsyncGenerator<Uint8Array, void, undefined> {
  let sent = 0;
  onProgress?.(0, opened.bytes);
  for await (const chunk of opened.read()) {
    yield chunk;
    sent += chunk.byteLength;
    onProgress?.(sent, opened.bytes);
  }
}

async function open(source: UploadSource, bytes: number | undefined): Promise<Opened> {
  if (typeof source === "string") {
    // Only here does the client touch the disk; it runs in a browser as long as no path is given.
    const { createReadStream, promises } = await import("node:fs");
    const { size } = await promises.stat(source);
    return {
      read: () => createReadStream(source, { highWaterMark: fileChunkBytes }),
      bytes: size,
      replayable: true,
    };
  }
  if (source instanceof Uint8Array) {
    return { read: () => slices(source), bytes: source.byteLength, replayable: true };
  }
  if (source instanceof Blob) {
    return { read: () => source.stream(), bytes: source.size, replayable: true };
  }
  return { read: () => source, bytes, replayable: false };
}

async function* slices(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.byteLength; at += fileChunkBytes)
    yield bytes.subarray(at, at + fileChunkBytes);
}
