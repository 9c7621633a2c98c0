import type { Readable } from "node:stream";
import { type Digest, digestOf } from "../../protocol/digest.ts";
import { GridError } from "../../protocol/errors.ts";
import type { Manifest, Shard } from "../../protocol/manifest.ts";
import type { DatasetIngest, Ingested, IngestOptions } from "../ports.ts";
import type { BlobStore } from "../store/port.ts";
import { BlobHolds } from "./blob-holds.ts";
import { createSplitter } from "./create-splitter.ts";
import { decodeBody } from "./decode-body.ts";
import type { CutShard } from "./splitter.ts";

export interface DatasetIngestDependencies {
  blobs: BlobStore;
  /**
   * What becomes of blobs that a refused upload stored and no running upload needs; by default they are removed. The
   * catalog knows whether another dataset shares one by now.
   */
  onUnused?: (digests: readonly Digest[]) => Promise<void>;
  /** Blobs being stored at once. More hide the store's latency, each costs a shard of memory. */
  putsMax?: number;
}

/**
 * Uploads in constant memory: the body is read no faster than the store takes shards. The same data and format give the
 * same digest however the bytes arrived; shards that repeat are stored once.
 */
export function createDatasetIngest(dependencies: DatasetIngestDependencies): DatasetIngest {
  const { blobs, putsMax = 4 } = dependencies;
  const onUnused = dependencies.onUnused ?? ((digests) => blobs.remove(digests));
  const holds = new BlobHolds();
  return {
    async ingest(body, options) {
      const upload = new Upload(blobs, holds, putsMax);
      let succeeded = false;
      try {
        const ingested = await run(upload, body, options);
        succeeded = true;
        return ingested;
      } finally {
        await upload.settled();
        const unused = holds.release(upload.held, succeeded);
        if (unused.length > 0) await onUnused(unused);
      }
    },
  };
}

async function run(
  upload: Upload,
  body: Readable | AsyncIterable<Uint8Array>,
  options: IngestOptions,
): Promise<Ingested> {
  const splitter = createSplitter(options);
  const cut: CutShard[] = [];
  const emit = (shard: CutShard) => cut.push(shard);
  const flush = async () => {
    for (const shard of cut) await upload.add(shard);
    if (cut.length > 0) options.onProgress?.(upload.bytes, upload.records);
    cut.length = 0;
  };
  for await (const piece of decodeBody(body, options)) {
    splitter.write(piece, emit);
    if (cut.length > 0) await flush();
  }
  splitter.end(emit);
  await flush();
  await upload.finish();
  if (upload.records === 0) {
    const dropped = splitter.skipped > 0 ? `: ${splitter.skipped} were malformed` : "";
    throw new GridError("empty-dataset", `The dataset has no records${dropped}`);
  }
  const manifest: Manifest = { format: options.format, ...splitter.meta, shards: upload.shards };
  const json = Buffer.from(JSON.stringify(manifest));
  const digest = digestOf(json);
  await upload.put(digest, json);
  if (options.signal?.aborted) throw new GridError("upload-incomplete", "The upload was aborted");
  return {
    manifest,
    digest,
    bytes: upload.bytes,
    records: upload.records,
    skipped: splitter.skipped,
  };
}

/** One upload's shards on their way to the store, at most `putsMax` at once. */
class Upload {
  readonly shards: Shard[] = [];
  /** Blobs to give back when the upload is refused. */
  readonly held = new Set<Digest>();
  bytes = 0;
  records = 0;
  readonly #blobs: BlobStore;
  readonly #holds: BlobHolds;
  readonly #putsMax: number;
  readonly #puts = new Set<Promise<void>>();
  readonly #seen = new Set<Digest>();
  #failure: { error: unknown } | undefined;

  constructor(blobs: BlobStore, holds: BlobHolds, putsMax: number) {
    this.#blobs = blobs;
    this.#holds = holds;
    this.#putsMax = putsMax;
  }

  /** Resolves once there is room for the next. @throws what an earlier put threw */
  async add({ bytes, records }: CutShard): Promise<void> {
    const digest = digestOf(bytes);
    this.shards.push({ digest, bytes: bytes.length, records });
    this.bytes += bytes.length;
    this.records += records;
    if (this.#seen.has(digest)) return;
    this.#seen.add(digest);
    const put = this.put(digest, bytes)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#puts.delete(put));
    this.#puts.add(put);
    while (this.#puts.size >= this.#putsMax) await Promise.race(this.#puts);
    this.#check();
  }

  async put(digest: Digest, bytes: Buffer): Promise<void> {
    const outcome = await this.#blobs.put(digest, bytes);
    if (!this.held.has(digest) && this.#holds.take(digest, outcome)) this.held.add(digest);
  }

  async finish(): Promise<void> {
    await this.settled();
    this.#check();
  }

  async settled(): Promise<void> {
    await Promise.all(this.#puts);
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
