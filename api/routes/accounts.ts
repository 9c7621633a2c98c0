import { GridError } from "../../protocol/errors.ts";
import {
  type AccountDetail,
  accountDetailSchema,
  accountListQuerySchema,
  accountPageSchema,
  changeAccountRequestSchema,
  type SignInLink,
  signInLinkSchema,
} from "../../protocol/http-accounts.ts";
import type { Account } from "../accounts/directory.ts";
import { createSignInLink } from "../accounts/sign-in-link.ts";
import type { Deps } from "../deps.ts";
import { accountOf } from "../http/account-view.ts";
import { readJson, readQuery } from "../http/body.ts";
import type { ApiContext } from "../http/context.ts";
import { pageOf } from "../http/page.ts";
import { json, type Route } from "../http/route.ts";
import { walletOf } from "../ledger/wallet.ts";

const tag = "Accounts";

/** What operators do with the accounts of others. */
export function accountRoutes(deps: Deps): Route[] {
  const { accounts, quotas, database, clock, address } = deps;

  function find(c: ApiContext): Account {
    const handle = c.req.param("handle")!;
    const account = accounts.byHandle(handle);
    if (account) return account;
    throw new GridError("not-found", `There is no account ${handle}.`, { name: handle });
  }

  const detailOf = (account: Account): AccountDetail => ({
    ...accountOf(account),
    hasPassword: accounts.password(account.id) !== undefined,
    quotas: quotas.of(account.id),
    wallet: walletOf(deps, account.id),
  });

  return [
    {
      operation: {
        method: "get",
        path: "/v1/accounts",
        id: "listAccounts",
        tag,
        summary: "All accounts, newest first, or those that are looked for",
        auth: "operator",
        query: accountListQuerySchema,
        responses: { 200: { description: "A page", schema: accountPageSchema } },
      },
      handle(c) {
        const { q, limit, suspended, ...rest } = readQuery(c, accountListQuerySchema);
        const rows = accounts.list({
          ...rest,
          text: q,
          suspended: suspended && suspended === "true",
          limit: limit + 1,
        });
        return json(pageOf(rows, limit, ({ id }) => id, accountOf));
      },
    },
    {
      operation: {
        method: "get",
        path: "/v1/accounts/:handle",
        id: "getAccount",
        tag,
        summary: "An account, and how much it has and may have",
        auth: "operator",
        responses: { 200: { description: "The account", schema: accountDetailSchema } },
      },
      handle: (c) => json(detailOf(find(c))),
    },
    {
      operation: {
        method: "patch",
        path: "/v1/accounts/:handle",
        id: "changeAccount",
        tag,
        summary: "Give an account a role or other quotas, or suspend it",
        description:
          "A quota of null is the server's own again. A suspended account is signed out, its keys do not work and its runners are disconnected, until the suspension is lifted.",
        auth: "operator",
        idempotent: "body",
        body: { schema: changeAccountRequestSchema },
        responses: { 200: { description: "The account, changed", schema: accountDetailSchema } },
      },
      async handle(c) {
        const { quotas: given, ...change } = await readJson(c, changeAccountRequestSchema);
        const { id } = find(c);
        return json(
          database.transaction(() => {
            if (given) quotas.change(id, given);
            return detailOf(accounts.change(id, change));
          }),
        );
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
