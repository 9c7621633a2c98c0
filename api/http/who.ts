import type { AuthHeaders, BrowserHeaders } from "../accounts/principal.ts";
import { type ApiContext, headerOf } from "./context.ts";

/** What a request shows of who sends it. Only a key, where there is one: calls of functions pass here. */
export function authHeadersOf(c: ApiContext): AuthHeaders {
  const authorization = headerOf(c, "authorization");
  if (authorization !== undefined) return { authorization };
  return { authorization, browser: browserHeadersOf(c) };
}

export function browserHeadersOf(c: ApiContext): BrowserHeaders {
  return {
    method: c.req.raw.method,
    cookie: headerOf(c, "cookie"),
    origin: headerOf(c, "origin"),
    site: headerOf(c, "sec-fetch-site"),
    host: headerOf(c, "host"),
  };
}

/**
 * The address of whoever sends the request. Behind proxies of ours it is what the outermost of them wrote into
 * X-Forwarded-For: each appends the one that it saw, and what stands before may be invented.
 */
export function addressOf(c: ApiContext, proxies: number): string {
  const direct = c.env?.incoming?.socket.remoteAddress ?? "unknown";
  if (proxies === 0) return direct;
  const seen = (headerOf(c, "x-forwarded-for") ?? "").split(",").map((part) => part.trim());
  return seen.at(-proxies) || direct;
}
