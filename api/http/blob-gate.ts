import type { BlobRefs } from "../catalog/blob-refs.ts";
import type { BlobStore } from "../store/port.ts";

const removedAtOnce = 500;

/**
 * Keeps removal and storing apart: an upload that finds a shard already there relies on it before the catalog says so,
 * so blobs are only removed while nothing is being stored.
 */
export class BlobGate {
  readonly #blobs: BlobStore;
  readonly #refs: BlobRefs;
  #storing = 0;
  #removing: Promise<void> | undefined;

  constructor(blobs: BlobStore, refs: BlobRefs) {
    this.#blobs = blobs;
    this.#refs = refs;
  }

  /** Runs what stores blobs and notes who holds them. */
  async storing<T>(work: () => Promise<T>): Promise<T> {
    while (this.#removing) await this.#removing;
    this.#storing++;
    try {
      return await work();
    } finally {
      this.#storing--;
    }
  }

  /** Removes garbage, unless something is being stored: then a later call does. */
  async collect(): Promise<void> {
    if (this.#storing > 0 || this.#removing) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#removing = promise;
    try {
      for (;;) {
        const digests = this.#refs.garbage(removedAtOnce);
        if (digests.length === 0) break;
        await this.#blobs.remove(digests);
        this.#refs.removed(digests);
      }
    } finally {
      this.#removing = undefined;
      resolve();
    }
  }
}
