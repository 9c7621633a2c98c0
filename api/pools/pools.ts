import { GridError } from "../../protocol/errors.ts";
import type { PoolRole } from "../../protocol/http-pools.ts";
import { poolsPerAccountMax } from "../../protocol/http-pools.ts";
import type { Memberships } from "./memberships.ts";
import type { MemberRow, PoolRow, PoolRows } from "./rows.ts";

/** What pools need of the accounts' directory. */
export interface Handles {
  find(id: string): { id: string; handle: string } | undefined;
  byHandle(handle: string): { id: string; handle: string } | undefined;
}

export interface PoolsOptions {
  rows: PoolRows;
  memberships: Memberships;
  handles: Handles;
  /** A job that has not ended and runs on this pool, if there is one. */
  jobOn: (pool: string) => string | undefined;
  /** All or nothing. */
  transaction: <T>(work: () => T) => T;
  clock: () => number;
}

/**
 * Pools and who belongs to them. To those who do not belong to a pool it does not exist: every verb that names one
 * answers them not-found.
 */
export class Pools {
  readonly #options: PoolsOptions;

  constructor(options: PoolsOptions) {
    this.#options = options;
  }

  /**
   * - created; - exists: this very id is there already
   * @throws GridError conflict: the name is taken, or there are too many
   */
  create(
    id: string,
    owner: string,
    name: string,
  ): { outcome: "created" | "exists"; pool: PoolRow } {
    const { rows, memberships, transaction, clock } = this.#options;
    const known = rows.find(id);
    if (known) return { outcome: "exists", pool: known };
    if (rows.named(owner, name)) throw taken(name);
    if (rows.countOwnedBy(owner) >= poolsPerAccountMax)
      throw tooMany(`You have ${poolsPerAccountMax} pools already.`, poolsPerAccountMax);
    const createdAtMs = clock();
    const pool = { id, owner, name, createdAtMs };
    transaction(() => {
      rows.insert(pool);
      rows.addMember({ pool: id, account: owner, joinedAtMs: createdAtMs });
    });
    memberships.changed(id);
    return { outcome: "created", pool };
  }

  /** Own and joined, newest first. */
  list(account: string, cursor: string | undefined, limit: number): PoolRow[] {
    return this.#options.rows.joinedBy(account, cursor, limit);
  }

  /** @throws GridError not-found, also when the account does not belong to it */
  find(account: string, ownerHandle: string, name: string): PoolRow {
    const { rows, memberships, handles } = this.#options;
    const owner = handles.byHandle(ownerHandle);
    const pool = owner && rows.named(owner.id, name);
    if (!pool || !memberships.has(pool.id, account)) throw noPool(`${ownerHandle}/${name}`);
    return pool;
  }

  /** A pool that only its owner may change. @throws GridError not-found, forbidden */
  owned(account: string, ownerHandle: string, name: string): PoolRow {
    const pool = this.find(account, ownerHandle, name);
    if (pool.owner !== account)
      throw new GridError("forbidden", `Only ${ownerHandle} may do this with the pool.`);
    return pool;
  }

  members(pool: string): MemberRow[] {
    return this.#options.rows.members(pool);
  }

  countMembers(pool: string): number {
    return this.#options.rows.countMembers(pool);
  }

  /** Jobs name a pool by its id: those under way go on. @throws GridError conflict */
  rename(pool: PoolRow, name: string): PoolRow {
    const { rows } = this.#options;
    if (pool.name === name) return pool;
    if (rows.named(pool.owner, name)) throw taken(name);
    rows.rename(pool.id, name);
    return { ...pool, name };
  }

  /** @throws GridError pool-in-use while a job runs or waits on it */
  remove(pool: PoolRow): void {
    const { rows, memberships, jobOn, transaction } = this.#options;
    transaction(() => {
      const job = jobOn(pool.id);
      if (job !== undefined)
        throw new GridError("pool-in-use", `The job ${job} runs on this pool.`, {
          name: job,
          hint: "Wait for its end, or let its owner cancel it.",
        });
      rows.remove(pool.id);
    });
    memberships.changed(pool.id);
  }

  /** Its machines get no further work of the pool. @throws GridError conflict: the owner cannot; not-found: no member */
  removeMember(pool: PoolRow, account: string): void {
    const { rows, memberships } = this.#options;
    if (account === pool.owner)
      throw new GridError("conflict", "A pool's owner cannot leave it.", {
        hint: "Delete the pool instead.",
      });
    if (!rows.removeMember(pool.id, account))
      throw new GridError("not-found", "There is no such member of this pool.");
    memberships.changed(pool.id);
  }

  /** @throws GridError not-found */
  accountCalled(handle: string): string {
    const account = this.#options.handles.byHandle(handle);
    if (!account)
      throw new GridError("not-found", `Nobody here is called "${handle}".`, { name: handle });
    return account.id;
  }

  roleOf(pool: PoolRow, account: string): PoolRole {
    return pool.owner === account ? "owner" : "member";
  }

  /** "owner/name" of a pool that is there. */
  nameOf(id: string): string | undefined {
    const pool = this.#options.rows.find(id);
    return pool && this.fullName(pool);
  }

  fullName({ owner, name }: PoolRow): string {
    return `${this.handleOf(owner)}/${name}`;
  }

  /** An account that is gone has no handle any more; its id stands for it. */
  handleOf(account: string): string {
    return this.#options.handles.find(account)?.handle ?? account;
  }
}

export function noPool(name: string): GridError {
  return new GridError("not-found", `You belong to no pool "${name}".`, {
    name,
    hint: "GET /v1/pools lists those you belong to; its owner can invite you.",
  });
}

export function tooMany(message: string, limit: number): GridError {
  return new GridError("conflict", message, { limit });
}

function taken(name: string): GridError {
  return new GridError("conflict", `You have a pool "${name}" already.`, { name });
}
