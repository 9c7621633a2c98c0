import { hash } from "node:crypto";
import {
  invitationPageSchema,
  invitationSchema,
  inviteSchema,
  joinPoolSchema,
  joinPreviewSchema,
  poolSchema,
} from "../../protocol/http-pools.ts";
import { newId } from "../../protocol/ids.ts";
import type { Deps } from "../deps.ts";
import { readJson } from "../http/body.ts";
import { type ApiContext, headerOf, principalOf } from "../http/context.ts";
import { json, type Route } from "../http/route.ts";
import { invitationOf, joinPreviewOf, poolOf } from "../pools/view.ts";

const member = { tag: "Pools", auth: "member", scope: "runners" } as const;
const repeatable =
  "any string, to repeat this request safely: the same invitation, under a new code";

export function poolInvitationRoutes(deps: Deps): Route[] {
  const { pools, invitations, memberships } = deps.pools;

  const ownerOf = (c: ApiContext) => c.req.param("owner")!;
  const nameOf = (c: ApiContext) => c.req.param("name")!;
  const owned = (c: ApiContext) => pools.owned(principalOf(c).account, ownerOf(c), nameOf(c));

  /** Its answer holds a secret and so is not kept: a repeat is known by the id that its key makes. */
  function idOf(c: ApiContext, pool: string): string {
    const key = headerOf(c, "idempotency-key");
    if (key === undefined) return newId("invitation", deps.clock());
    return `inv_${hash("sha256", `${pool}\n${key}`, "hex").slice(0, 25)}`;
  }

  return [
    {
      operation: {
        ...member,
        method: "get",
        path: "/v1/pools/invitations",
        id: "listReceivedInvitations",
        summary: "Invitations that one may accept",
        responses: { 200: { description: "All of them", schema: invitationPageSchema } },
      },
      handle: (c) =>
        json({
          items: invitations
            .received(principalOf(c).account)
            .map((row) => invitationOf(pools, row)),
          next: null,
        }),
    },
    {
      operation: {
        ...member,
        method: "post",
        path: "/v1/pools/:owner/:name/invitations",
        id: "inviteToPool",
        summary: "Invite to a pool of one's own: an account by its handle, or anybody by a code",
        description:
          "Without a handle the answer has a code, told this once; whoever has it may join, as often as `uses` says (1).",
        headers: { "Idempotency-Key": repeatable },
        body: { schema: inviteSchema },
        responses: { 201: { description: "The invitation", schema: invitationSchema } },
      },
      async handle(c) {
        const request = await readJson(c, inviteSchema);
        const pool = owned(c);
        const { invitation, code } = invitations.invite(idOf(c, pool.id), pool, request);
        return json(invitationOf(pools, invitation, code), 201, { "cache-control": "no-store" });
      },
    },
    {
      operation: {
        ...member,
        method: "get",
        path: "/v1/pools/:owner/:name/invitations",
        id: "listPoolInvitations",
        summary: "Open invitations to a pool of one's own",
        responses: { 200: { description: "All of them", schema: invitationPageSchema } },
      },
      handle: (c) =>
        json({
          items: invitations.ofPool(owned(c).id).map((row) => invitationOf(pools, row)),
          next: null,
        }),
    },
    {
      operation: {
        ...member,
        method: "delete",
        path: "/v1/pools/:owner/:name/invitations/:id",
        id: "revokeInvitation",
        summary: "Take an invitation back",
        idempotent: "body",
        responses: { 204: { description: "Its code works no more" } },
      },
      handle(c) {
        invitations.revoke(owned(c).id, c.req.param("id")!);
        return new Response(null, { status: 204 });
      },
    },
    {
      operation: {
        ...member,
        method: "post",
        path: "/v1/pools/:owner/:name/accept",
        id: "acceptInvitation",
        summary: "Accept an invitation by handle",
        idempotent: "body",
        responses: { 200: { description: "The pool", schema: poolSchema } },
      },
      handle(c) {
        const { account } = principalOf(c);
        return json(poolOf(pools, invitations.accept(account, ownerOf(c), nameOf(c)), account));
      },
    },
    {
      operation: {
        ...member,
        method: "post",
        path: "/v1/pools/:owner/:name/decline",
        id: "declineInvitation",
        summary: "Decline an invitation by handle",
        idempotent: "body",
        responses: { 204: { description: "Declined" } },
      },
      handle(c) {
        invitations.decline(principalOf(c).account, ownerOf(c), nameOf(c));
        return new Response(null, { status: 204 });
      },
    },
    {
      operation: {
        ...member,
        method: "post",
        path: "/v1/pools/join/preview",
        id: "previewJoin",
        summary: "What an invitation's code invites to",
        description: "It uses nothing up. POST, so that the code stands in no log of addresses.",
        body: { schema: joinPoolSchema },
        responses: { 200: { description: "The pool and its owner", schema: joinPreviewSchema } },
      },
      async handle(c) {
        const { account } = principalOf(c);
        const { pool, invitation } = invitations.byCode((await readJson(c, joinPoolSchema)).code);
        const isMember = memberships.has(pool.id, account);
        const view = joinPreviewOf(pools, pool, invitation, isMember);
        return json(view, 200, { "cache-control": "no-store" });
      },
    },
    {
      operation: {
        ...member,
        method: "post",
        path: "/v1/pools/join",
        id: "joinPool",
        summary: "Join a pool by an invitation's code",
        idempotent: "body",
        body: { schema: joinPoolSchema },
        responses: { 200: { description: "The pool", schema: poolSchema } },
      },
      async handle(c) {
        const { account } = principalOf(c);
        const { code } = await readJson(c, joinPoolSchema);
        return json(poolOf(pools, invitations.join(account, code), account));
      },
    },
  ];
}
