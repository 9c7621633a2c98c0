import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Digest } from "../../protocol/digest.ts";
import { GridError } from "../../protocol/errors.ts";
import type { IngestOptions } from "../ports.ts";
import { openFileBlobs } from "../store/embedded/blobs.ts";
import type { BlobStore } from "../store/port.ts";
import { createDatasetIngest } from "./ingest.ts";

/** A fresh directory with the real file store in it, and an ingest on it. */
export async function openTestIngest() {
  const dataDir = await mkdtemp(join(tmpdir(), "sparegrid-datasets-"));
  const blobs = await openFileBlobs(dataDir);
  const { ingest } = createDatasetIngest({ blobs });
  return {
    dataDir,
    blobs,
    ingest: (data: string | Uint8Array | readonly Uint8Array[], options: Partial<IngestOptions>) =>
      ingest(stream(data), { format: "lines", onBadRecord: "refuse", ...options }),
    shards: (digests: readonly { digest: Digest }[]) => readShards(blobs, digests),
    close: () => rm(dataDir, { recursive: true }),
  };
}

async function* stream(
  data: string | Uint8Array | readonly Uint8Array[],
): AsyncGenerator<Uint8Array> {
  if (typeof data === "string") yield Buffer.from(data);
  else if (data instanceof Uint8Array) yield data;
  else yield* data;
}

async function readShards(
  blobs: BlobStore,
  shards: readonly { digest: Digest }[],
): Promise<Buffer[]> {
  return Promise.all(
    shards.map(async ({ digest }) => (await blobs.get(digest)) ?? Buffer.from("missing")),
  );
}

/** Cuts bytes into chunks of random sizes, many of them tiny. */
export function randomChunks(bytes: Buffer, random: () => number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + Math.floor(random() ** 4 * (random() < 0.5 ? 16 : 200_000));
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

/** mulberry32: a seed's own sequence of numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The GridError that a promise rejects with. */
export async function gridError(promise: Promise<unknown>): Promise<GridError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof GridError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}
