import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { Catalog } from "../catalog/catalog.ts";
import type { Store } from "../store/port.ts";

/** An API process with another catalog may be stopped for so long, and find its blobs again. */
const catalogKeptMs = 7 * 24 * 3_600_000;
/** Another process with our catalog that was silent for so long stores nothing any more. */
const processGoneMs = 900_000;

export interface SoleUserOptions {
  catalog: Catalog;
  store: Store;
  clock: () => number;
  log: Logger;
}

/** Whether this process knows of all that the store has: only then may it remove what its catalog does not know. */
export class SoleUser {
  readonly #options: SoleUserOptions;
  readonly #process = randomUUID();
  #wasAlone = true;

  constructor(options: SoleUserOptions) {
    this.#options = options;
  }

  /** No other catalog, and no other process, uses the store. Asking tells the store that this process lives. */
  async isAlone(): Promise<boolean> {
    const { catalog, store, clock, log } = this.#options;
    const user = { catalog: catalog.id, process: this.#process };
    const nowMs = clock();
    const others = (await store.present(user, nowMs, catalogKeptMs)).filter(
      (other) => other.catalog !== catalog.id || nowMs - other.seenAtMs < processGoneMs,
    );
    const alone = others.length === 0;
    if (!alone && this.#wasAlone)
      log.info({ others }, "other API processes use this store: blobs and unknown jobs stay");
    this.#wasAlone = alone;
    return alone;
  }
}
