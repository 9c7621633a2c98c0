import { z } from "zod";
import { GridError } from "../../protocol/errors.ts";
import {
  accountSchema,
  redeemLinkRequestSchema,
  signInRequestSchema,
  signUpRequestSchema,
} from "../../protocol/http-accounts.ts";
import type { Deps } from "../deps.ts";
import { accountOf } from "../http/account-view.ts";
import { readJson } from "../http/body.ts";
import { type ApiContext, headerOf } from "../http/context.ts";
import { jsonWithCookies, passToAuth } from "../http/pass-to-auth.ts";
import type { Operation, Route } from "../http/route.ts";

const tag = "Accounts";
const signedIn = { description: "The account; the cookie is the session", schema: accountSchema };

/** better-auth's answer, as far as we read it. */
const answerSchema = z.object({ user: z.object({ id: z.string() }) });

/** Signing up, in and out. Sessions are cookies, for browsers; programs use keys. */
export function authRoutes(deps: Deps): Route[] {
  const { accounts, sessions } = deps;

  async function signIn(
    c: ApiContext,
    path: string,
    body: Record<string, unknown> & { email?: string },
    status: number,
  ): Promise<Response> {
    const answer = await passToAuth(deps, c, path, body);
    const { user } = answerSchema.parse(answer.body);
    const account = accounts.find(user.id);
    if (!account) throw new GridError("internal", "the account that signed in is gone");
    return jsonWithCookies(accountOf(account), status, answer.cookies);
  }

  const operation = (
    path: string,
    id: string,
    summary: string,
    more: Pick<Operation, "responses"> & Partial<Operation>,
  ): Operation => ({ method: "post", path, id, tag, summary, auth: "open", ...more });

  return [
    {
      operation: operation("/v1/auth/sign-up/email", "signUp", "Make an account and sign in", {
        description:
          "No e-mail is sent: the address is not verified, it is the name to sign in with.",
        body: { schema: signUpRequestSchema },
        responses: { 201: signedIn },
      }),
      async handle(c) {
        const { handle, name, ...request } = await readJson(c, signUpRequestSchema);
        const shown = name ?? handle ?? request.email.slice(0, request.email.lastIndexOf("@"));
        const body = { ...request, name: shown, ...(handle === undefined ? {} : { handle }) };
        return signIn(c, "/sign-up/email", body, 201);
      },
    },
    {
      operation: operation("/v1/auth/sign-in/email", "signIn", "Sign in", {
        body: { schema: signInRequestSchema },
        responses: { 200: signedIn },
      }),
      handle: async (c) => signIn(c, "/sign-in/email", await readJson(c, signInRequestSchema), 200),
    },
    {
      operation: operation("/v1/auth/link", "redeemLink", "Sign in by a sign-in link, once", {
        body: { schema: redeemLinkRequestSchema },
        responses: { 200: signedIn },
      }),
      handle: async (c) => signIn(c, "/link", await readJson(c, redeemLinkRequestSchema), 200),
    },
    {
      operation: operation("/v1/auth/sign-out", "signOut", "End this session", {
        responses: { 204: { description: "Signed out, also when nobody was signed in" } },
      }),
      async handle(c) {
        const { cookies } = await passToAuth(deps, c, "/sign-out", {});
        sessions.forgetCookie(headerOf(c, "cookie") ?? "");
        const headers = new Headers({ "cache-control": "no-store" });
        for (const cookie of cookies) headers.append("set-cookie", cookie);
        return new Response(null, { status: 204, headers });
      },
    },
  ];
}
