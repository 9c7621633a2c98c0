import type { ErrorBody } from "../protocol/errors.ts";
import type { BlobClient } from "./blob-client.ts";
import type { LoadRef } from "./job-context.ts";
import { errorBodyOf } from "./outputs.ts";
import type { SlotMemory } from "./slot-memory.ts";
import type { Unit } from "./units.ts";
import type { Work } from "./work.ts";

/** What is fetched before it is needed. */
const prefetchUnitsMax = 64;
const prefetchBytesMax = 32 * 1024 * 1024;

/** Sees to it that the blobs of a slot's next units are here when it is their turn. */
export class BlobFeed {
  readonly #blobs: BlobClient;
  readonly #memory: SlotMemory;

  constructor(blobs: BlobClient, memory: SlotMemory) {
    this.#blobs = blobs;
    this.#memory = memory;
  }

  /** Whether all blobs of a unit are here; starts fetching those that are not. */
  ready(work: Work, unit: Unit): boolean {
    let ready = true;
    for (const ref of work.constants) if (!this.#refReady(work, ref)) ready = false;
    for (const ref of unit.shards) if (!this.#refReady(work, ref)) ready = false;
    for (const part of unit.parts)
      if (!(part instanceof Uint8Array) && !this.#blobReady(work, part.digest)) ready = false;
    return ready;
  }

  #refReady(work: Work, ref: LoadRef): boolean {
    if (ref.digest === undefined || this.#memory.has(work.bundle, ref.key)) return true;
    return this.#blobReady(work, ref.digest);
  }

  #blobReady(work: Work, digest: string): boolean {
    if (work.held.has(digest)) return true;
    const cached = this.#blobs.peek(digest);
    if (cached) {
      work.held.set(digest, cached);
      return true;
    }
    if (work.fetching.has(digest) || work.lost.has(digest)) return false;
    work.fetching.add(digest);
    this.#blobs.get(digest, work.blobToken).then(
      (bytes) => {
        work.fetching.delete(digest);
        if (work.ended) return;
        work.held.set(digest, bytes);
        work.slot?.pump();
      },
      (error: unknown) => {
        work.fetching.delete(digest);
        if (work.ended) return;
        work.lost.set(digest, errorBodyOf(error));
        work.slot?.pump();
      },
    );
    return false;
  }

  /** Fetches what the next units need while the executor computes. */
  prefetch(queue: Iterable<Work>): void {
    let units = 0;
    let bytes = 0;
    for (const work of queue) {
      for (let i = work.next; i < work.units.length; i++) {
        const unit = work.units[i]!;
        if (units >= prefetchUnitsMax || bytes >= prefetchBytesMax || work.ended) return;
        units++;
        if (unit.shards.length === 0 && unit.parts.length === 0) continue;
        for (const ref of unit.shards)
          if (!this.#memory.has(work.bundle, ref.key)) bytes += ref.bytes;
        this.ready(work, unit);
      }
    }
  }
}

/** Why a unit can never run: one of its blobs cannot be had. */
export function lostOf(work: Work, unit: Unit): ErrorBody | undefined {
  const digests = [
    ...work.constants.map(({ digest }) => digest),
    ...unit.shards.map(({ digest }) => digest),
    ...unit.parts.map((part) => (part instanceof Uint8Array ? undefined : part.digest)),
  ];
  for (const digest of digests) {
    const error = digest !== undefined && work.lost.get(digest);
    if (error) return error;
  }
  return undefined;
}

/** Blobs on the pipe need not be held here; should one be needed again, the cache has it or it is fetched again. */
export function releaseBlobs(work: Work, unit: Unit): void {
  if (work.next >= work.units.length) work.held.clear();
  if (work.held.size === 0) return;
  for (const { digest } of unit.shards) if (digest !== undefined) work.held.delete(digest);
  for (const part of unit.parts) if (!(part instanceof Uint8Array)) work.held.delete(part.digest);
}
