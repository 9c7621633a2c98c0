import type { Readable } from "node:stream";
import { type Digest, digestOf } from "../../protocol/digest.ts";
import { GridError } from "../../protocol/errors.ts";
import { shardBytesMax } from "../../protocol/limits.ts";
import type { Manifest, Shard } from "../../protocol/manifest.ts";
import type { DatasetIngest, Ingested, IngestOptions } from "../ports.ts";
import type { BlobStore } from "../store/port.ts";
import { createSplitter } from "./create-splitter.ts";
import { decodeBody } from "./decode-body.ts";
import type { CutShard } from "./splitter.ts";

export interface DatasetIngestDependencies {
  blobs: BlobStore;
  /** Blobs being stored at once. More hide the store's latency, each costs a shard of memory. */
  putsMax?: number;
}

/**
 * Uploads in constant memory: the body is read no faster than the store takes shards. The same data and format give the
 * same digest however the bytes arrived; shards that repeat are stored once. A refused upload leaves its shards to
 * whoever removes blobs that nobody needs: another dataset or job may have come to rely on them.
 */
export function createDatasetIngest(dependencies: DatasetIngestDependencies): DatasetIngest {
  const { blobs, putsMax = 4 } = dependencies;
  return {
    async ingest(body, options) {
      const upload = new Upload(blobs, putsMax);
      try {
        return await run(upload, body, options);
      } finally {
        await upload.settled();
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
  await upload.blobs.put(digest, json);
  if (options.signal?.aborted) throw new GridError("upload-incomplete", "The upload was aborted");
  return {
    manifest,
    digest,
    bytes: upload.bytes,
    records: upload.records,
    skipped: splitter.skipped,
  };
}

/** Bytes of shards on their way to the store at once, over which the next one waits however few they are. */
const puttingBytesMax = 2 * shardBytesMax;

/** One upload's shards on their way to the store, at most `putsMax` at once. */
class Upload {
  readonly shards: Shard[] = [];
  bytes = 0;
  records = 0;
  readonly blobs: BlobStore;
  readonly #putsMax: number;
  readonly #puts = new Set<Promise<void>>();
  readonly #seen = new Set<Digest>();
  #puttingBytes = 0;
  #failure: { error: unknown } | undefined;

  constructor(blobs: BlobStore, putsMax: number) {
    this.blobs = blobs;
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
    this.#puttingBytes += bytes.length;
    const put = this.blobs
      .put(digest, bytes)
      .then(() => {})
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#puttingBytes -= bytes.length;
        this.#puts.delete(put);
      });
    this.#puts.add(put);
    while (this.#puts.size >= this.#putsMax || this.#puttingBytes > puttingBytesMax)
      await Promise.race(this.#puts);
    this.#check();
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
