import { hash, randomBytes } from "node:crypto";
import { GridError } from "../../protocol/errors.ts";
import {
  type Invite,
  poolInvitationsMax,
  poolMembersMax,
  poolsPerAccountMax,
} from "../../protocol/http-pools.ts";
import type { InvitationRow, InvitationRows } from "./invitation-rows.ts";
import type { Memberships } from "./memberships.ts";
import { type Handles, noPool, tooMany } from "./pools.ts";
import type { PoolRow, PoolRows } from "./rows.ts";

/** As random as a key: it cannot be guessed, so its plain hash is safe to keep. */
const codeBytes = 20;
const codePrefix = "sgi_";
/** Invitations to one account that it is shown. */
const receivedMax = 200;

export interface InvitationsOptions {
  rows: InvitationRows;
  pools: PoolRows;
  memberships: Memberships;
  handles: Handles;
  transaction: <T>(work: () => T) => T;
  clock: () => number;
}

/** How one becomes a member: an invitation to an account by its handle, or a code that the owner passes on. */
export class Invitations {
  readonly #options: InvitationsOptions;

  constructor(options: InvitationsOptions) {
    this.#options = options;
  }

  /**
   * Only for a pool's owner. An account that is invited already keeps its invitation, which then lasts longer. The same
   * id again gives the same invitation, under a new code: the first one is known to nobody but who got the answer.
   * @throws GridError not-found: nobody has this handle; conflict: is a member, or too many are open
   */
  invite(id: string, pool: PoolRow, invite: Invite): { invitation: InvitationRow; code?: string } {
    const { rows, transaction, clock } = this.#options;
    const nowMs = clock();
    const expiresAtMs = nowMs + invite.expiresInHours * 3_600_000;
    const account = invite.handle === undefined ? null : this.#invitee(pool, invite.handle);
    const code = account === null ? newCode() : undefined;
    const change = { expiresAtMs, codeHash: code === undefined ? null : hashOf(code) };
    return transaction(() => {
      rows.removeExpired(pool.id, nowMs);
      const known =
        account === null ? rows.find(pool.id, id) : rows.forAccount(pool.id, account, nowMs);
      if (!known && rows.count(pool.id) >= poolInvitationsMax)
        throw tooMany(`${poolInvitationsMax} invitations are open already.`, poolInvitationsMax);
      const invitation: InvitationRow = known
        ? { ...known, ...change }
        : { id, pool: pool.id, account, usesLeft: invite.uses ?? 1, createdAtMs: nowMs, ...change };
      if (known) rows.update(known.id, change);
      else rows.insert(invitation);
      return code === undefined ? { invitation } : { invitation, code };
    });
  }

  ofPool(pool: string): InvitationRow[] {
    return this.#options.rows.ofPool(pool, this.#options.clock());
  }

  /** Invitations that an account may accept. */
  received(account: string): InvitationRow[] {
    return this.#options.rows.received(account, this.#options.clock(), receivedMax);
  }

  /** @throws GridError not-found */
  revoke(pool: string, id: string): void {
    const { rows } = this.#options;
    if (!rows.find(pool, id)) throw new GridError("not-found", `There is no invitation ${id}.`);
    rows.remove(id);
  }

  /** Makes the invited account a member; one that is stays one. @throws GridError not-found, conflict */
  accept(account: string, ownerHandle: string, name: string): PoolRow {
    const { pools, rows, transaction, clock } = this.#options;
    const pool = this.#named(ownerHandle, name);
    const joined = transaction(() => {
      if (pools.isMember(pool.id, account)) return false;
      const invitation = rows.forAccount(pool.id, account, clock());
      if (!invitation) throw noPool(`${ownerHandle}/${name}`);
      this.#add(pool, account);
      rows.remove(invitation.id);
      return true;
    });
    if (joined) this.#options.memberships.changed(pool.id);
    return pool;
  }

  /** @throws GridError not-found when it is not invited */
  decline(account: string, ownerHandle: string, name: string): void {
    const { rows, clock } = this.#options;
    const pool = this.#named(ownerHandle, name);
    const invitation = rows.forAccount(pool.id, account, clock());
    if (!invitation) throw noPool(`${ownerHandle}/${name}`);
    rows.remove(invitation.id);
  }

  /** What a code invites to; it uses nothing up. @throws GridError not-found */
  byCode(code: string): { pool: PoolRow; invitation: InvitationRow } {
    const { pools, rows, clock } = this.#options;
    const invitation = rows.byCodeHash(hashOf(code), clock());
    const pool = invitation && pools.find(invitation.pool);
    if (pool) return { pool, invitation };
    throw new GridError("not-found", "This invitation is unknown, used up or past its time.", {
      hint: "Ask the pool's owner for another.",
    });
  }

  /** By a code. Who is a member already uses nothing up. @throws GridError not-found, conflict */
  join(account: string, code: string): PoolRow {
    const { pools, rows, transaction } = this.#options;
    const { pool, joined } = transaction(() => {
      const { pool: found, invitation } = this.byCode(code);
      if (pools.isMember(found.id, account)) return { pool: found, joined: false };
      this.#add(found, account);
      const usesLeft = invitation.usesLeft - 1;
      if (usesLeft > 0) rows.update(invitation.id, { usesLeft });
      else rows.remove(invitation.id);
      return { pool: found, joined: true };
    });
    if (joined) this.#options.memberships.changed(pool.id);
    return pool;
  }

  #add(pool: PoolRow, account: string): void {
    const { pools, clock } = this.#options;
    if (pools.countMembers(pool.id) >= poolMembersMax)
      throw tooMany(`This pool has ${poolMembersMax} members.`, poolMembersMax);
    // Its own come on top of those it joined, so nobody can fill up another's list.
    if (pools.countJoinedBy(account) - pools.countOwnedBy(account) >= poolsPerAccountMax)
      throw tooMany(`You belong to ${poolsPerAccountMax} pools already.`, poolsPerAccountMax);
    pools.addMember({ pool: pool.id, account, joinedAtMs: clock() });
  }

  #invitee(pool: PoolRow, handle: string): string {
    const { handles, pools } = this.#options;
    const account = handles.byHandle(handle);
    if (!account)
      throw new GridError("not-found", `Nobody here is called "${handle}".`, { name: handle });
    if (pools.isMember(pool.id, account.id))
      throw new GridError("conflict", `${handle} is a member already.`, { name: handle });
    return account.id;
  }

  #named(ownerHandle: string, name: string): PoolRow {
    const { handles, pools } = this.#options;
    const owner = handles.byHandle(ownerHandle);
    const pool = owner && pools.named(owner.id, name);
    if (!pool) throw noPool(`${ownerHandle}/${name}`);
    return pool;
  }
}

function newCode(): string {
  return codePrefix + randomBytes(codeBytes).toString("base64url");
}

function hashOf(code: string): string {
  return hash("sha256", code, "hex");
}
