import { LRUCache } from "lru-cache";
import { everyonePool, ownPool } from "../../protocol/http-pools.ts";
import type { MayServe } from "../ports.ts";
import type { PoolRows } from "./rows.ts";

/** Accounts that are remembered, over all pools. */
const membersKeptMax = 100_000;

/**
 * Who belongs to which pool, as the gateway asks it for every job and runner with room. What it remembers of a pool is
 * forgotten in the same turn in which its members change.
 */
export class Memberships {
  readonly #rows: PoolRows;
  readonly #listeners = new Set<() => void>();
  readonly #members = new LRUCache<string, ReadonlySet<string>>({
    maxSize: membersKeptMax,
    sizeCalculation: (members) => members.size + 1,
  });

  constructor(rows: PoolRows) {
    this.#rows = rows;
  }

  /** Work that names no pool is its owner's own runners' alone. */
  readonly mayServe: MayServe = ({ owner, pool }, runnerOwner) => {
    if (pool === everyonePool) return true;
    if (pool === undefined || pool === ownPool) return runnerOwner === owner;
    const members = this.#membersOf(pool);
    return members.has(owner) && members.has(runnerOwner);
  };

  has(pool: string, account: string): boolean {
    return this.#membersOf(pool).has(account);
  }

  /** Members of a pool came or went. */
  changed(pool: string): void {
    this.#members.delete(pool);
    for (const listener of this.#listeners) listener();
  }

  /** Is told after every change. Returns what ends it. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #membersOf(pool: string): ReadonlySet<string> {
    const known = this.#members.get(pool);
    if (known) return known;
    const members = new Set(this.#rows.members(pool).map(({ account }) => account));
    this.#members.set(pool, members);
    return members;
  }
}
