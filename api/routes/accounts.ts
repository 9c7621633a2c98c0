import { GridError } from "../../protocol/errors.ts";
import {
  accountPageSchema,
  accountSchema,
  changeAccountRequestSchema,
  type SignInLink,
  signInLinkSchema,
} from "../../protocol/http-accounts.ts";
import { pageQuerySchema } from "../../protocol/http-common.ts";
import type { Account } from "../accounts/directory.ts";
import { createSignInLink } from "../accounts/sign-in-link.ts";
import type { Deps } from "../deps.ts";
import { accountOf } from "../http/account-view.ts";
import { readJson, readQuery } from "../http/body.ts";
import type { ApiContext } from "../http/context.ts";
import { pageOf } from "../http/page.ts";
import { json, type Route } from "../http/route.ts";

const tag = "Accounts";

/** What operators do with the accounts of others. */
export function accountRoutes({ accounts, database, clock, address }: Deps): Route[] {
  function find(c: ApiContext): Account {
    const handle = c.req.param("handle")!;
    const account = accounts.byHandle(handle);
    if (account) return account;
    throw new GridError("not-found", `There is no account ${handle}.`, { name: handle });
  }

  return [
    {
      operation: {
        method: "get",
        path: "/v1/accounts",
        id: "listAccounts",
        tag,
        summary: "All accounts, newest first",
        auth: "operator",
        query: pageQuerySchema,
        responses: { 200: { description: "A page", schema: accountPageSchema } },
      },
      handle(c) {
        const { cursor, limit } = readQuery(c, pageQuerySchema);
        return json(pageOf(accounts.list(cursor, limit + 1), limit, ({ id }) => id, accountOf));
      },
    },
    {
      operation: {
        method: "patch",
        path: "/v1/accounts/:handle",
        id: "changeAccount",
        tag,
        summary: "Give an account a role, or suspend it",
        description:
          "A suspended account is signed out, its keys do not work and its runners are disconnected, until the suspension is lifted.",
        auth: "operator",
        idempotent: "body",
        body: { schema: changeAccountRequestSchema },
        responses: { 200: { description: "The account, changed", schema: accountSchema } },
      },
      async handle(c) {
        const change = await readJson(c, changeAccountRequestSchema);
        return json(accountOf(accounts.change(find(c).id, change)));
      },
    },
    {
      operation: {
        method: "post",
        path: "/v1/accounts/:handle/link",
        id: "createSignInLink",
        tag,
        summary:
          "Make a one-time sign-in link, for an account whose password is lost or not set yet",
        auth: "operator",
        responses: { 201: { description: "The link", schema: signInLinkSchema } },
      },
      handle(c) {
        const { token, expiresAtMs } = createSignInLink(database, find(c).id, clock());
        const link: SignInLink = {
          url: address.signInUrl(token),
          expiresAt: new Date(expiresAtMs).toISOString(),
        };
        return json(link, 201, { "cache-control": "no-store" });
      },
    },
  ];
}
