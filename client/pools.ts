import {
  type Invite,
  invitationPageSchema,
  invitationSchema,
  type JoinPreview,
  joinPreviewSchema,
  type Pool,
  type PoolDetail,
  type PoolInvitation,
  poolDetailSchema,
  poolPageSchema,
  poolSchema,
} from "../protocol/http.ts";
import type { Abortable } from "./jobs.ts";
import { paged } from "./paged.ts";
import type { Transport } from "./transport.ts";

/** Pools: machines of people who know each other. A pool is named "owner/name". Throws GridError, ConnectionError. */
export class PoolsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Pools that the account belongs to, newest first. */
  list(options: Abortable = {}): AsyncGenerator<Pool, void, undefined> {
    return paged((cursor) =>
      this.#transport.json(
        { path: "/v1/pools", query: { cursor }, signal: options.signal },
        poolPageSchema,
      ),
    );
  }

  /** With its members. */
  get(name: string, options: Abortable = {}): Promise<PoolDetail> {
    return this.#transport.json({ path: pathOf(name), ...options }, poolDetailSchema);
  }

  /** @param name the bare name; the pool is then "handle/name" */
  create(name: string, options: Abortable = {}): Promise<Pool> {
    const call = { method: "POST", path: "/v1/pools", json: { name }, ...options } as const;
    return this.#transport.json(call, poolSchema);
  }

  rename(pool: string, name: string, options: Abortable = {}): Promise<Pool> {
    const call = { method: "PATCH", path: pathOf(pool), json: { name }, ...options } as const;
    return this.#transport.json(call, poolSchema);
  }

  /** @throws GridError pool-in-use as long as a job that has not ended runs on it */
  delete(pool: string, options: Abortable = {}): Promise<void> {
    return this.#done({ method: "DELETE", path: pathOf(pool), ...options });
  }

  /** An account by its handle; without one the answer has a code for others to join by, told this once. */
  invite(
    pool: string,
    request: Partial<Invite> = {},
    options: Abortable = {},
  ): Promise<PoolInvitation> {
    const path = `${pathOf(pool)}/invitations`;
    return this.#transport.json(
      { method: "POST", path, json: request, ...options },
      invitationSchema,
    );
  }

  /** Open invitations to a pool of one's own. */
  async invitations(pool: string, options: Abortable = {}): Promise<PoolInvitation[]> {
    const path = `${pathOf(pool)}/invitations`;
    return (await this.#transport.json({ path, ...options }, invitationPageSchema)).items;
  }

  revoke(pool: string, invitation: string, options: Abortable = {}): Promise<void> {
    const path = `${pathOf(pool)}/invitations/${encodeURIComponent(invitation)}`;
    return this.#done({ method: "DELETE", path, ...options });
  }

  /** Invitations by handle that the account may accept. */
  async received(options: Abortable = {}): Promise<PoolInvitation[]> {
    const call = { path: "/v1/pools/invitations", ...options };
    return (await this.#transport.json(call, invitationPageSchema)).items;
  }

  accept(pool: string, options: Abortable = {}): Promise<Pool> {
    const call = { method: "POST", path: `${pathOf(pool)}/accept`, ...options } as const;
    return this.#transport.json(call, poolSchema);
  }

  decline(pool: string, options: Abortable = {}): Promise<void> {
    return this.#done({ method: "POST", path: `${pathOf(pool)}/decline`, ...options });
  }

  /** What a code invites to; it uses nothing up. */
  preview(code: string, options: Abortable = {}): Promise<JoinPreview> {
    const path = "/v1/pools/join/preview";
    const call = { method: "POST", path, json: { code }, pure: true, ...options } as const;
    return this.#transport.json(call, joinPreviewSchema);
  }

  /** By the code of an invitation. */
  join(code: string, options: Abortable = {}): Promise<Pool> {
    const call = { method: "POST", path: "/v1/pools/join", json: { code }, ...options } as const;
    return this.#transport.json(call, poolSchema);
  }

  leave(pool: string, options: Abortable = {}): Promise<void> {
    return this.#done({ method: "POST", path: `${pathOf(pool)}/leave`, ...options });
  }

  remove(pool: string, handle: string, options: Abortable = {}): Promise<void> {
    const path = `${pathOf(pool)}/members/${encodeURIComponent(handle)}`;
    return this.#done({ method: "DELETE", path, ...options });
  }

  async #done(call: Parameters<Transport["send"]>[0]): Promise<void> {
    await this.#transport.send(call, (response) => response.text());
  }
}

/** @throws TypeError when it is no "owner/name" */
function pathOf(pool: string): string {
  const [owner, name, ...rest] = pool.split("/");
  if (!owner || !name || rest.length > 0)
    throw new TypeError(`a pool is named "owner/name", not "${pool}"`);
  return `/v1/pools/${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;
}
