import type { JoinPreview, Pool, PoolDetail, PoolInvitation } from "../../protocol/http-pools.ts";
import type { InvitationRow } from "./invitation-rows.ts";
import type { Pools } from "./pools.ts";
import type { PoolRow } from "./rows.ts";

/** @param account who looks at it */
export function poolOf(pools: Pools, pool: PoolRow, account: string): Pool {
  return {
    name: pools.fullName(pool),
    owner: pools.handleOf(pool.owner),
    role: pools.roleOf(pool, account),
    memberCount: pools.countMembers(pool.id),
    createdAt: time(pool.createdAtMs),
  };
}

/** @param runners runners that are connected, by owner */
export function poolDetailOf(
  pools: Pools,
  pool: PoolRow,
  account: string,
  runners: ReadonlyMap<string, number>,
): PoolDetail {
  const members = pools.members(pool.id).map((member) => ({
    handle: pools.handleOf(member.account),
    role: pools.roleOf(pool, member.account),
    runners: runners.get(member.account) ?? 0,
    joinedAt: time(member.joinedAtMs),
  }));
  return { ...poolOf(pools, pool, account), members };
}

export function joinPreviewOf(
  pools: Pools,
  pool: PoolRow,
  { expiresAtMs }: InvitationRow,
  isMember: boolean,
): JoinPreview {
  return {
    pool: pools.fullName(pool),
    owner: pools.handleOf(pool.owner),
    memberCount: pools.countMembers(pool.id),
    isMember,
    expiresAt: time(expiresAtMs),
  };
}

/** @param code only in the answer that tells it */
export function invitationOf(pools: Pools, row: InvitationRow, code?: string): PoolInvitation {
  return {
    id: row.id,
    pool: pools.nameOf(row.pool) ?? row.pool,
    ...(row.account === null ? { uses: row.usesLeft } : { handle: pools.handleOf(row.account) }),
    expiresAt: time(row.expiresAtMs),
    createdAt: time(row.createdAtMs),
    ...(code === undefined ? {} : { code }),
  };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
