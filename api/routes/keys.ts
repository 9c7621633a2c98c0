import {
  type ApiKey,
  apiKeyPageSchema,
  type CreatedKey,
  createdKeySchema,
  createKeyRequestSchema,
} from "../../protocol/http-accounts.ts";
import type { KeyRow } from "../accounts/keys.ts";
import { requireWhole } from "../accounts/principal.ts";
import type { Deps } from "../deps.ts";
import { readJson } from "../http/body.ts";
import { headerOf, principalOf } from "../http/context.ts";
import { json, type Route } from "../http/route.ts";

const tag = "Accounts";
const dayMs = 86_400_000;

/** Keys of the account that asks. */
export function keyRoutes({ apiKeys, keyCheck, clock }: Deps): Route[] {
  const keyOf = (row: KeyRow): ApiKey => apiKeyOf(row, keyCheck.lastUsedAtMs(row.id));
  return [
    {
      operation: {
        method: "get",
        path: "/v1/keys",
        id: "listKeys",
        tag,
        summary: "The account's keys, newest first",
        auth: "member",
        responses: { 200: { description: "All of them", schema: apiKeyPageSchema } },
      },
      handle(c) {
        const principal = principalOf(c);
        requireWhole(principal);
        return json({ items: apiKeys.list(principal.account).map(keyOf), next: null });
      },
    },
    {
      operation: {
        method: "post",
        path: "/v1/keys",
        id: "createKey",
        tag,
        summary: "Make a key",
        description: "The answer is the only one that has the key. It cannot be looked up later.",
        auth: "member",
        headers: {
          "Idempotency-Key": "any string: the same makes the same key, as long as it exists",
        },
        body: { schema: createKeyRequestSchema },
        responses: { 201: { description: "The key", schema: createdKeySchema } },
      },
      async handle(c) {
        const principal = principalOf(c);
        requireWhole(principal);
        const { name, scopes, expiresInDays } = await readJson(c, createKeyRequestSchema);
        const { key, row } = apiKeys.create({
          account: principal.account,
          name,
          scopes,
          expiresAtMs: expiresInDays === undefined ? undefined : clock() + expiresInDays * dayMs,
          idempotencyKey: headerOf(c, "idempotency-key"),
        });
        return json({ ...keyOf(row), key } satisfies CreatedKey, 201, {
          location: `/v1/keys/${row.id}`,
          "cache-control": "no-store",
        });
      },
    },
    {
      operation: {
        method: "delete",
        path: "/v1/keys/:id",
        id: "revokeKey",
        tag,
        summary: "Revoke a key, at once",
        description:
          "Runners that connected with it are disconnected. Jobs that it submitted go on. A key may always revoke itself.",
        auth: "member",
        idempotent: "body",
        responses: { 204: { description: "It does not work any more" } },
      },
      handle(c) {
        const principal = principalOf(c);
        const id = c.req.param("id")!;
        if (id !== principal.key) requireWhole(principal);
        apiKeys.revoke(principal.account, id);
        return new Response(null, { status: 204 });
      },
    },
  ];
}

function apiKeyOf(row: KeyRow, usedAtMs: number | undefined): ApiKey {
  const { id, name, prefix, scopes, createdAtMs, expiresAtMs, lastUsedAtMs } = row;
  return {
    id,
    name,
    prefix,
    scopes,
    createdAt: timeOf(createdAtMs),
    expiresAt: timeOf(expiresAtMs),
    lastUsedAt: timeOf(usedAtMs ?? lastUsedAtMs),
  };
}

function timeOf(ms: number): string;
function timeOf(ms: number | null): string | null;
function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
