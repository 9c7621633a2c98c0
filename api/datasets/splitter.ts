/** A shard's bytes (owned by whoever receives them) and how many records they hold. */
export interface CutShard {
  bytes: Buffer;
  records: number;
}

/** What a dataset's records are, known once all was cut. Goes into the manifest. */
export interface SplitMeta {
  columns?: string[];
  dtype?: "f64" | "f32";
  recordBytes?: number;
}

/**
 * Cuts a stream of bytes into shards. Synchronous: `write` and `end` hand over what is complete, and the shards depend
 * on the concatenation of the chunks only. One instance for one upload.
 */
export interface Splitter {
  /** @throws GridError malformed-record, record-too-large */
  write(chunk: Uint8Array, emit: (shard: CutShard) => void): void;
  /** The stream has ended: hands over the rest. @throws GridError malformed-record, record-too-large */
  end(emit: (shard: CutShard) => void): void;
  readonly meta: SplitMeta;
  /** Malformed records that were dropped. */
  readonly skipped: number;
}

export type OnBadRecord = "refuse" | "skip";
