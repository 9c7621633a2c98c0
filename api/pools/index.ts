import type { Database } from "../database/open.ts";
import { PoolChoice } from "./choice.ts";
import { createInvitationRows } from "./invitation-rows.ts";
import { Invitations } from "./invitations.ts";
import { Lenders } from "./lenders.ts";
import { Memberships } from "./memberships.ts";
import { type Handles, Pools } from "./pools.ts";
import { createPoolRows } from "./rows.ts";

export interface PoolPartsOptions {
  database: Database;
  handles: Handles;
  /** A job that has not ended and runs on this pool, if there is one. */
  jobOn: (pool: string) => string | undefined;
  /** Whether a runner of this account is connected. */
  lends: (account: string) => boolean;
  includedRunners: number;
  clock: () => number;
}

export interface PoolParts {
  pools: Pools;
  invitations: Invitations;
  memberships: Memberships;
  choice: PoolChoice;
  lenders: Lenders;
}

export function createPools(options: PoolPartsOptions): PoolParts {
  const { database, handles, jobOn, lends, includedRunners, clock } = options;
  const { drizzle, transaction } = database;
  const rows = createPoolRows(drizzle);
  const memberships = new Memberships(rows);
  const pools = new Pools({ rows, memberships, handles, jobOn, transaction, clock });
  const invitations = new Invitations({
    rows: createInvitationRows(drizzle),
    pools: rows,
    memberships,
    handles,
    transaction,
    clock,
  });
  const lenders = new Lenders(drizzle, clock);
  const hasMachines = (account: string) => lends(account) || lenders.lentLately(account);
  const choice = new PoolChoice({ pools, memberships, hasMachines, includedRunners });
  return { pools, invitations, memberships, choice, lenders };
}
