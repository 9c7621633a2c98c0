import type { Logger } from "pino";
import type { Digest } from "../../protocol/digest.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { idleMsMax, type Store } from "../store/port.ts";
import type { BlobGate } from "./blob-gate.ts";
import type { SoleUser } from "./sole-user.ts";

/** Digests looked up, and blobs removed, at a time: some 2 ms. */
const atOnce = 500;
/** Blobs without a holder that are kept in mind at once, some 10 MB; more take another reading of all jobs' outputs. */
const candidatesMax = 100_000;
const everyMsMax = 600_000;
/** A sweep takes at most this part of the time. */
const busyPartMax = 1 / 20;

export interface BlobSweepOptions {
  catalog: Catalog;
  store: Store;
  gate: BlobGate;
  soleUser: SoleUser;
  clock: () => number;
  log: Logger;
  /** Blobs that were put more recently stay, whoever needs them. */
  graceMs: number;
}

/**
 * Removes blobs that nobody needs, by mark and sweep: what no holder of the catalog, no job's large output and no
 * remembered result names, and nobody has put for a while, goes. Whoever begins to need a blob puts it first or tells the
 * gate, so it is new again, and the store removes nothing that is new (`removeIdle`). Bounded in memory, however many
 * blobs there are.
 */
export class BlobSweep {
  readonly #options: BlobSweepOptions;
  #nextAtMs = 0;

  constructor(options: BlobSweepOptions) {
    this.#options = options;
  }

  /** To be called about once a minute: tells the store that this process lives, and sweeps when it is time. */
  async tick(): Promise<void> {
    const { clock, graceMs } = this.#options;
    const startedMs = clock();
    if (!(await this.#options.soleUser.isAlone()) || startedMs < this.#nextAtMs) return;
    await this.#sweep();
    const pauseMs = Math.max(Math.min(everyMsMax, graceMs), (clock() - startedMs) / busyPartMax);
    this.#nextAtMs = clock() + pauseMs;
  }

  async #sweep(): Promise<void> {
    const { catalog, store, log } = this.#options;
    const candidates = new Set<Digest>();
    let removed = 0;
    for await (const digests of store.blobs.list()) {
      for (let at = 0; at < digests.length; at += atOnce) {
        const slice = digests.slice(at, at + atOnce);
        for (const digest of catalog.blobRefs.unheld(slice)) candidates.add(digest);
        if (candidates.size < candidatesMax) continue;
        removed += await this.#remove(candidates);
        candidates.clear();
      }
    }
    removed += await this.#remove(candidates);
    if (removed > 0) log.info({ removed }, "removed blobs that nobody needs");
  }

  /** Removes those of the candidates that no job needs. */
  async #remove(candidates: Set<Digest>): Promise<number> {
    const { catalog, store, gate, clock, graceMs } = this.#options;
    if (candidates.size === 0) return 0;
    const markedAtMs = clock();
    // Before the jobs: what a job takes from what is remembered is then among its outputs, or is told to the gate.
    for await (const digests of store.memos.blobs())
      for (const digest of digests) candidates.delete(digest);
    for await (const digests of store.jobs.largeOutputs())
      for (const digest of digests) candidates.delete(digest);
    const rest = [...candidates];
    let removed = 0;
    for (let at = 0; at < rest.length; at += atOnce) {
      if (!(await this.#options.soleUser.isAlone())) break;
      // Whoever stores now is counted in, whoever has stored has a hold by now. A job may have come to need a large
      // output since the outputs were read: it put it shortly before.
      const idleMs = graceMs + Math.max(gate.storingMs(), clock() - markedAtMs);
      if (idleMs > idleMsMax) break;
      const slice = catalog.blobRefs.unheld(rest.slice(at, at + atOnce));
      removed += await store.blobs.removeIdle(
        slice.filter((digest) => !gate.isUsed(digest)),
        idleMs,
      );
    }
    return removed;
  }
}
