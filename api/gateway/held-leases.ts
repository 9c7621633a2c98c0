import { LRUCache } from "lru-cache";
import { leaseMs } from "../../protocol/limits.ts";
import type { HeldLease } from "./session.ts";

/**
 * The leases of one runner, by token. A job counts as worked on for a while after its last lease went: what was asked
 * for under a lease may arrive after its end, when the next one already waits for the answer.
 */
export class HeldLeases extends Map<string, HeldLease> {
  readonly #lately = new LRUCache<string, true>({ max: 64, ttl: leaseMs });

  override delete(token: string): boolean {
    const lease = this.get(token);
    if (lease) this.#lately.set(lease.job, true);
    return super.delete(token);
  }

  workOn(job: string): boolean {
    for (const lease of this.values()) if (lease.job === job) return true;
    return this.#lately.has(job);
  }

  /** The job ended: there is nothing more to ask for. */
  forget(job: string): void {
    this.#lately.delete(job);
  }
}
