import { type Auth, addressHeader, authPath } from "../accounts/auth.ts";
import { refusalOf } from "../accounts/auth-errors.ts";
import { requireSameOrigin } from "../accounts/same-origin.ts";
import type { Config } from "../config.ts";
import { type ApiContext, headerOf } from "./context.ts";
import { addressOf, browserHeadersOf } from "./who.ts";

export interface PassToAuthOptions {
  auth: Auth;
  config: Pick<Config, "proxies" | "publicUrl">;
}

/**
 * Hands a checked request on to better-auth.
 * @returns the cookies it sets, and what it answered
 * @throws GridError what its refusal means; cross-site
 */
export async function passToAuth(
  { auth, config }: PassToAuthOptions,
  c: ApiContext,
  path: string,
  body: Readonly<Record<string, unknown>> & { email?: string },
): Promise<{ cookies: string[]; body: unknown }> {
  const browser = browserHeadersOf(c);
  requireSameOrigin(browser, config.publicUrl);
  const headers = new Headers({
    "content-type": "application/json",
    [addressHeader]: addressOf(c, config.proxies),
    "user-agent": headerOf(c, "user-agent") ?? "",
  });
  if (browser.cookie !== undefined) headers.set("cookie", browser.cookie);
  const response = await auth.handler(
    new Request(new URL(`${authPath}${path}`, auth.options.baseURL), {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    }),
  );
  if (!response.ok) throw await refusalOf(response, body.email);
  return { cookies: response.headers.getSetCookie(), body: await response.json() };
}

/** A JSON answer that sets cookies, which no cache may keep. */
export function jsonWithCookies(value: unknown, status: number, cookies: string[]): Response {
  const headers = new Headers({ "content-type": "application/json", "cache-control": "no-store" });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(JSON.stringify(value), { status, headers });
}
