import { operatorAccount } from "../../protocol/accounts.ts";
import { GridError } from "../../protocol/errors.ts";
import { everyonePool, ownPool } from "../../protocol/http-pools.ts";
import type { Principal } from "../accounts/principal.ts";
import type { ServedWork } from "../ports.ts";
import type { Memberships } from "./memberships.ts";
import { noPool, type Pools } from "./pools.ts";

export interface PoolChoiceOptions {
  pools: Pools;
  memberships: Memberships;
  /** Whether this account has machines, also when none of them is connected at the moment. */
  hasMachines: (account: string) => boolean;
  /** Runners that the server brings along; they are the operator's. */
  includedRunners: number;
}

/** Who asks, and what they chose for requests that say nothing. */
export type PoolAsker = Pick<Principal, "account" | "handle" | "defaultPool">;

/** What a request's `pool` means: "everyone", "own", or the id of a pool. */
export class PoolChoice {
  readonly #options: PoolChoiceOptions;

  constructor(options: PoolChoiceOptions) {
    this.#options = options;
  }

  /** @throws GridError not-found: no such pool, or the account is not a member of it */
  resolve(principal: PoolAsker, given: string | undefined): string {
    if (given === undefined) return this.#unsaid(principal);
    if (given === everyonePool || given === ownPool) return given;
    const { account, handle } = principal;
    const slash = given.indexOf("/");
    const owner = slash < 0 ? handle : given.slice(0, slash);
    return this.#options.pools.find(account, owner, given.slice(slash + 1)).id;
  }

  /** As `resolve`, for what a runner is limited to: names of pools that are gone mean nothing. */
  named(account: string, name: string): string | undefined {
    const handle = this.#options.pools.handleOf(account);
    try {
      return this.resolve({ account, handle }, name);
    } catch (error) {
      if (error instanceof GridError && error.code === "not-found") return undefined;
      throw error;
    }
  }

  /** Checked again when the job is written, in the same transaction. @throws GridError not-found */
  confirm({ owner, pool }: ServedWork): void {
    if (pool === undefined || pool === everyonePool || pool === ownPool) return;
    const { memberships, pools } = this.#options;
    if (!memberships.has(pool, owner)) throw noPool(pools.nameOf(pool) ?? pool);
  }

  /** As a request writes it. A pool that is gone has no name any more. */
  nameOf(pool: string = ownPool): string {
    if (pool === everyonePool || pool === ownPool) return pool;
    return this.#options.pools.nameOf(pool) ?? pool;
  }

  /**
   * As long as nobody verifies what strangers' machines answer, who has machines gets the answers of their own, and pays
   * nothing; a job must not cost because a runner restarts just now. Who has none could not run anything otherwise.
   */
  #unsaid({ account, defaultPool }: PoolAsker): string {
    if (defaultPool !== undefined) return this.#chosen(account, defaultPool);
    const { hasMachines, includedRunners } = this.#options;
    const hasOwn = hasMachines(account) || (account === operatorAccount && includedRunners > 0);
    return hasOwn ? ownPool : everyonePool;
  }

  /** A pool that is gone is not replaced by machines that were not asked for. */
  #chosen(account: string, pool: string): string {
    if (pool === everyonePool || pool === ownPool) return pool;
    if (this.#options.memberships.has(pool, account)) return pool;
    throw new GridError("not-found", "The pool that your jobs run on by default is gone.", {
      name: this.nameOf(pool),
      hint: 'You may have left it. Choose another with `sparegrid pools default`, or send "pool".',
    });
  }
}
