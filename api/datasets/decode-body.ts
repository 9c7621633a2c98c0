import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { GridError } from "../../protocol/errors.ts";

/** Chunks are handed on in pieces of at most this, so that a shard's worth of work happens between two waits. */
const pieceBytesMax = 256 * 1024;

export interface BodyOptions {
  contentEncoding?: string | undefined;
  expectedBytes?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * The upload's bytes, decompressed, one piece at a time and no faster than they are consumed. A Readable that is not
 * read to its end stays open, so that a server can still answer on its connection; only the signal destroys it.
 * @throws GridError upload-incomplete (cut off, aborted, fewer or more bytes than announced, compressed data that stops
 *   early), malformed-record (compressed data is corrupt), unsupported-encoding
 */
export async function* decodeBody(
  body: Readable | AsyncIterable<Uint8Array>,
  options: BodyOptions,
): AsyncGenerator<Uint8Array> {
  const decoder = createDecoder(options.contentEncoding);
  const readable = body instanceof Readable ? body : Readable.from(body);
  const abort = () => readable.destroy(new Error("the upload was aborted"));
  if (options.signal?.aborted) abort();
  options.signal?.addEventListener("abort", abort, { once: true });
  let received = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    const chunks: AsyncIterable<Uint8Array | string> = readable.iterator({
      destroyOnReturn: false,
    });
    for await (const chunk of chunks) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      received += bytes.byteLength;
      yield bytes;
    }
    if (options.expectedBytes !== undefined && received !== options.expectedBytes)
      throw incomplete(`${received} of ${options.expectedBytes} bytes arrived`);
  }
  try {
    for await (const chunk of decoder === undefined ? counted() : decoded(counted(), decoder))
      for (let at = 0; at < chunk.byteLength; at += pieceBytesMax)
        yield chunk.subarray(at, at + pieceBytesMax);
  } catch (error) {
    throw translate(error, options.contentEncoding ?? "identity");
  } finally {
    options.signal?.removeEventListener("abort", abort);
    if (readable !== body) readable.destroy();
  }
}

/** Errors of either side reach the reader, since the pipeline destroys its last stream with them. */
async function* decoded(
  source: AsyncGenerator<Uint8Array>,
  decoder: NodeJS.ReadWriteStream,
): AsyncGenerator<Uint8Array> {
  const output = new PassThrough({ readableHighWaterMark: pieceBytesMax });
  const done = pipeline(source, decoder, output);
  done.catch(() => {});
  for await (const chunk of output) yield chunk as Uint8Array;
  await done;
}

function createDecoder(encoding: string | undefined): NodeJS.ReadWriteStream | undefined {
  switch (encoding?.trim().toLowerCase() || "identity") {
    case "identity":
      return undefined;
    case "gzip":
    case "x-gzip":
      return createGunzip({ chunkSize: pieceBytesMax });
    case "zstd":
      return createZstdDecompress({ chunkSize: pieceBytesMax });
    default:
      throw new GridError(
        "unsupported-encoding",
        `Content-Encoding “${encoding}” is not supported`,
        { hint: "Send the data as it is, or with gzip or zstd" },
      );
  }
}

function incomplete(what: string, cause?: unknown): GridError {
  return new GridError("upload-incomplete", `The upload was cut off: ${what}`, {}, { cause });
}

function translate(error: unknown, encoding: string): unknown {
  if (error instanceof GridError) return error;
  const { code = "", message = "" } = error as { code?: string; message?: string };
  if (code === "Z_BUF_ERROR") return incomplete(`the ${encoding} data stops early`, error);
  if (/^(Z_|ZSTD_)/.test(code))
    return new GridError(
      "malformed-record",
      `The ${encoding} data is corrupt: ${message}`,
      {},
      { cause: error },
    );
  return incomplete(message || "the connection was lost", error);
}
