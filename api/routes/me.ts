import {
  changeMeRequestSchema,
  type Me,
  meSchema,
  setPasswordRequestSchema,
} from "../../protocol/http-accounts.ts";
import { requireSession, requireWhole } from "../accounts/principal.ts";
import type { Deps } from "../deps.ts";
import { readJson } from "../http/body.ts";
import { type ApiContext, principalOf } from "../http/context.ts";
import { meOf } from "../http/me-view.ts";
import { json, type Route } from "../http/route.ts";

const tag = "Accounts";

/** The account that asks. */
export function meRoutes({ accounts, passwords, quotas, pools }: Deps): Route[] {
  const me = (c: ApiContext): Me => meOf({ accounts, quotas, pools }, principalOf(c));

  return [
    {
      operation: {
        method: "get",
        path: "/v1/me",
        id: "getMe",
        tag,
        summary:
          "Who asks, what this key or session may be used for, and how much the account may have",
        auth: "member",
        responses: { 200: { description: "You", schema: meSchema } },
      },
      handle: (c) => json(me(c), 200, { "cache-control": "no-store" }),
    },
    {
      operation: {
        method: "patch",
        path: "/v1/me",
        id: "changeMe",
        tag,
        summary: "Change handle, name, or whose machines work for your jobs by default",
        auth: "member",
        idempotent: "body",
        body: { schema: changeMeRequestSchema },
        responses: { 200: { description: "You, changed", schema: meSchema } },
      },
      async handle(c) {
        const principal = principalOf(c);
        requireWhole(principal);
        const { defaultPool, ...change } = await readJson(c, changeMeRequestSchema);
        const pool = defaultPool ? pools.choice.resolve(principal, defaultPool) : defaultPool;
        accounts.change(principal.account, { ...change, defaultPool: pool });
        return json(me(c));
      },
    },
    {
      operation: {
        method: "post",
        path: "/v1/me/password",
        id: "setPassword",
        tag,
        summary: "Set the password, and the e-mail address to sign in with",
        description: "Every other session of the account ends.",
        auth: "member",
        body: { schema: setPasswordRequestSchema },
        responses: { 200: { description: "You", schema: meSchema } },
      },
      async handle(c) {
        const principal = principalOf(c);
        const session = requireSession(principal);
        const request = await readJson(c, setPasswordRequestSchema);
        await passwords.set(principal.account, session, request);
        return json(me(c));
      },
    },
  ];
}
