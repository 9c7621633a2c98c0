import { GridError } from "../../protocol/errors.ts";
import { isDiskFault, translated } from "../database/faults.ts";
import type { Database } from "../database/open.ts";
import { type Applied, type Transfer, transfersPerBatchMax, transfersQueuedMax } from "./port.ts";

interface Waiting {
  transfers: readonly Transfer[];
  resolve: (applied: Applied[]) => void;
  reject: (error: unknown) => void;
}

type Outcome = { applied: Applied[] } | { error: unknown };

export interface GroupCommitOptions {
  database: Database;
  /** All or none, in the transaction under way. */
  apply: (transfers: readonly Transfer[]) => Applied[];
}

/**
 * One flush of the disk for all batches of one turn of the event loop; while it flushes, the next gather. A batch is a
 * savepoint, so that one that fails takes no other with it.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #queue: Waiting[] = [];
  #queued = 0;
  #scheduled: NodeJS.Immediate | undefined;
  #closed = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** @throws GridError queue-full, shutting-down, and what `apply` throws */
  submit(transfers: readonly Transfer[]): Promise<Applied[]> {
    if (this.#closed) throw new GridError("shutting-down", "The ledger takes no more transfers.");
    if (this.#queued + transfers.length > transfersQueuedMax)
      throw new GridError("queue-full", `${this.#queued} transfers wait to be written.`, {
        limit: transfersQueuedMax,
      });
    const { promise, resolve, reject } = Promise.withResolvers<Applied[]>();
    this.#queue.push({ transfers, resolve, reject });
    this.#queued += transfers.length;
    this.#schedule();
    return promise;
  }

  /** Writes what waits, and takes no more. */
  close(): void {
    this.#closed = true;
    clearImmediate(this.#scheduled);
    while (this.#queue.length > 0) this.#flush();
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.#flush();
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  #flush(): void {
    const group = this.#take();
    let outcomes: Outcome[];
    try {
      outcomes = this.#options.database.transaction(() =>
        group.map(({ transfers }) => this.#attempt(transfers)),
      );
    } catch (cause) {
      // Nothing of the group is on the disk: neither what failed nor what shared its transaction.
      const error = translated(cause);
      outcomes = group.map(() => ({ error }));
    }
    group.forEach(({ resolve, reject }, at) => {
      const outcome = outcomes[at]!;
      if ("applied" in outcome) resolve(outcome.applied);
      else reject(outcome.error);
    });
  }

  #attempt(transfers: readonly Transfer[]): Outcome {
    try {
      return { applied: this.#options.apply(transfers) };
    } catch (error) {
      if (isDiskFault(error) || !this.#options.database.client.inTransaction) throw error;
      return { error };
    }
  }

  /** As many batches as one transaction takes without keeping everything else waiting. */
  #take(): Waiting[] {
    let transfers = 0;
    let batches = 0;
    for (const waiting of this.#queue) {
      if (batches > 0 && transfers + waiting.transfers.length > transfersPerBatchMax) break;
      transfers += waiting.transfers.length;
      batches++;
    }
    this.#queued -= transfers;
    return this.#queue.splice(0, batches);
  }
}
