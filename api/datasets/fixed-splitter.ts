import { GridError } from "../../protocol/errors.ts";
import { shardTarget } from "./shard-target.ts";
import type { CutShard, OnBadRecord, SplitMeta, Splitter } from "./splitter.ts";

/**
 * Records of a fixed size (bytes, rows of raw numbers): a shard is as many as fit its target. Without a record size the
 * shard is the record. Chunks are copied straight into the shard.
 */
export class FixedSplitter implements Splitter {
  readonly meta: SplitMeta;
  skipped = 0;
  readonly #unit: number;
  readonly #wholeShards: boolean;
  readonly #onBadRecord: OnBadRecord;
  #shard: Buffer | undefined;
  #filled = 0;
  #cutBytes = 0;
  #cutRecords = 0;

  constructor(recordBytes: number | undefined, meta: SplitMeta, onBadRecord: OnBadRecord) {
    this.#unit = recordBytes ?? 1;
    this.#wholeShards = recordBytes === undefined;
    this.meta = meta;
    this.#onBadRecord = onBadRecord;
  }

  write(chunk: Uint8Array, emit: (shard: CutShard) => void): void {
    for (let at = 0; at < chunk.byteLength; ) {
      this.#shard ??= Buffer.allocUnsafeSlow(
        Math.max(1, Math.floor(shardTarget(this.#cutBytes) / this.#unit)) * this.#unit,
      );
      const part = chunk.subarray(at, at + this.#shard.length - this.#filled);
      this.#shard.set(part, this.#filled);
      this.#filled += part.byteLength;
      at += part.byteLength;
      if (this.#filled === this.#shard.length) this.#emit(this.#shard, emit);
    }
  }

  end(emit: (shard: CutShard) => void): void {
    const rest = this.#filled % this.#unit;
    if (rest > 0) {
      const record = this.#cutRecords + Math.floor(this.#filled / this.#unit);
      if (this.#onBadRecord === "refuse") {
        throw new GridError(
          "malformed-record",
          `The last record has ${rest} of ${this.#unit} bytes`,
          { record },
        );
      }
      this.skipped++;
    }
    const whole = this.#filled - rest;
    if (whole > 0) this.#emit(this.#shard!.subarray(0, whole), emit);
  }

  #emit(bytes: Buffer, emit: (shard: CutShard) => void): void {
    const records = this.#wholeShards ? 1 : bytes.length / this.#unit;
    this.#shard = undefined;
    this.#filled = 0;
    this.#cutBytes += bytes.length;
    this.#cutRecords += records;
    emit({ bytes, records });
  }
}
