import { pageQuerySchema } from "../../protocol/http-common.ts";
import {
  createPoolSchema,
  poolDetailSchema,
  poolPageSchema,
  poolSchema,
  renamePoolSchema,
} from "../../protocol/http-pools.ts";
import type { Deps } from "../deps.ts";
import { readJson, readQuery } from "../http/body.ts";
import { type ApiContext, idFor, principalOf } from "../http/context.ts";
import { pageOf } from "../http/page.ts";
import { json, type Route } from "../http/route.ts";
import { poolDetailOf, poolOf } from "../pools/view.ts";

const tag = "Pools";
/** Pools are about machines, whoever runs jobs on them. */
const member = { tag, auth: "member", scope: "runners" } as const;

export function poolRoutes(deps: Deps): Route[] {
  const { clock, gateway } = deps;
  const { pools } = deps.pools;

  const found = (c: ApiContext) =>
    pools.find(principalOf(c).account, c.req.param("owner")!, c.req.param("name")!);
  const owned = (c: ApiContext) =>
    pools.owned(principalOf(c).account, c.req.param("owner")!, c.req.param("name")!);

  return [
    {
      operation: {
        ...member,
        method: "post",
        path: "/v1/pools",
        id: "createPool",
        summary: "Make a pool, whose owner and first member one is",
        idempotent: "body",
        body: { schema: createPoolSchema },
        responses: { 201: { description: "The pool", schema: poolSchema } },
      },
      async handle(c) {
        const { account } = principalOf(c);
        const { name } = await readJson(c, createPoolSchema);
        const { pool } = pools.create(idFor(c, "pool", clock()), account, name);
        const view = poolOf(pools, pool, account);
        return json(view, 201, { location: `/v1/pools/${view.name}` });
      },
    },
    {
      operation: {
        ...member,
        method: "get",
        path: "/v1/pools",
        id: "listPools",
        summary: "Pools that one belongs to, newest first",
        query: pageQuerySchema,
        responses: { 200: { description: "A page", schema: poolPageSchema } },
      },
      handle(c) {
        const { account } = principalOf(c);
        const { cursor, limit } = readQuery(c, pageQuerySchema);
        const rows = pools.list(account, cursor, limit + 1);
        return json(
          pageOf(
            rows,
            limit,
            ({ id }) => id,
            (pool) => poolOf(pools, pool, account),
          ),
        );
      },
    },
    {
      operation: {
        ...member,
        method: "get",
        path: "/v1/pools/:owner/:name",
        id: "getPool",
        summary: "A pool with its members, for its members",
        responses: { 200: { description: "The pool", schema: poolDetailSchema } },
      },
      handle(c) {
        const runners = new Map<string, number>();
        for (const { owner } of gateway.runners())
          runners.set(owner, (runners.get(owner) ?? 0) + 1);
        return json(poolDetailOf(pools, found(c), principalOf(c).account, runners));
      },
    },
    {
      operation: {
        ...member,
        method: "patch",
        path: "/v1/pools/:owner/:name",
        id: "renamePool",
        summary: "Give a pool of one's own another name",
        description: "Jobs that run on it go on.",
        idempotent: "body",
        body: { schema: renamePoolSchema },
        responses: { 200: { description: "The pool", schema: poolSchema } },
      },
      async handle(c) {
        const { name } = await readJson(c, renamePoolSchema);
        return json(poolOf(pools, pools.rename(owned(c), name), principalOf(c).account));
      },
    },
    {
      operation: {
        ...member,
        method: "delete",
        path: "/v1/pools/:owner/:name",
        id: "deletePool",
        summary: "Delete a pool of one's own",
        description: "Refused as long as a job that has not ended runs on it.",
        idempotent: "body",
        responses: { 204: { description: "It is gone, with its invitations" } },
      },
      handle(c) {
        pools.remove(owned(c));
        return new Response(null, { status: 204 });
      },
    },
    {
      operation: {
        ...member,
        method: "post",
        path: "/v1/pools/:owner/:name/leave",
        id: "leavePool",
        summary: "Leave a pool",
        description:
          "One's runners get no further work of it; one's jobs on it get no further runners.",
        idempotent: "body",
        responses: { 204: { description: "Left" } },
      },
      handle(c) {
        pools.removeMember(found(c), principalOf(c).account);
        return new Response(null, { status: 204 });
      },
    },
    {
      operation: {
        ...member,
        method: "delete",
        path: "/v1/pools/:owner/:name/members/:handle",
        id: "removePoolMember",
        summary: "Remove a member from a pool of one's own",
        idempotent: "body",
        responses: { 204: { description: "No member any more" } },
      },
      handle(c) {
        const pool = owned(c);
        pools.removeMember(pool, pools.accountCalled(c.req.param("handle")!));
        return new Response(null, { status: 204 });
      },
    },
  ];
}
