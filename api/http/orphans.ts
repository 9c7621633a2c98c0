import { setImmediate as turn } from "node:timers/promises";
import type { Logger } from "pino";
import { endedStatuses } from "../../protocol/job.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Jobs } from "../ports.ts";
import type { Store } from "../store/port.ts";
import type { SoleUser } from "./sole-user.ts";

/** So many are named in the log. */
const namedMax = 20;

export interface OrphansOptions {
  catalog: Catalog;
  store: Store;
  jobs: Pick<Jobs, "cancel">;
  soleUser: SoleUser;
  startedAtMs: number;
  log: Logger;
}

/**
 * Jobs of the store that no catalog knows: the database was restored from a time before they were submitted, or they are
 * estimates of a process that was killed. Nobody can find them, and nobody is charged for them, so nobody must work on
 * them either: they end and are forgotten, once after each start.
 */
export class Orphans {
  readonly #options: OrphansOptions;
  #done = false;

  constructor(options: OrphansOptions) {
    this.#options = options;
  }

  /** To be called again and again: it waits until no other process uses the store. */
  async sweep(): Promise<void> {
    const { catalog, store, soleUser, log } = this.#options;
    if (this.#done || !(await soleUser.isAlone())) return;
    const ended: string[] = [];
    let unpaidFuel = 0;
    for await (const ids of store.jobs.list()) {
      for (const id of ids) {
        if (catalog.jobs.find(id)) continue;
        const fuel = await this.#end(id);
        if (fuel === undefined) continue;
        unpaidFuel += fuel;
        ended.push(id);
      }
      await turn();
    }
    this.#done = true;
    if (ended.length > 0)
      log.warn(
        { jobs: ended.length, unpaidFuel, first: ended.slice(0, namedMax) },
        "jobs in the store that the database does not know, as after a restore, were ended; nobody is paid for them",
      );
  }

  /** Returns the fuel that was used, undefined when it is no orphan: this process has made it meanwhile. */
  async #end(id: string): Promise<number | undefined> {
    const { store, jobs, startedAtMs } = this.#options;
    const state = await store.jobs.read(id);
    if (!state || state.spec.createdAtMs >= startedAtMs) return undefined;
    if (!endedStatuses.has(state.status)) await jobs.cancel(id);
    await store.jobs.remove(id);
    return state.fuel;
  }
}
