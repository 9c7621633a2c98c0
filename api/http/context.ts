import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { GridError } from "../../protocol/errors.ts";
import { type IdKind, newId } from "../../protocol/ids.ts";
import { type Looker, type Principal, stranger } from "../accounts/principal.ts";

/** Hono's environment for every route: Node's own request and response (absent when a test calls the app directly). */
export interface ApiEnv {
  Bindings: Partial<HttpBindings>;
  Variables: {
    /** Who asks; set before the handler of every route that is not open. */
    principal?: Principal;
    /** The body, once something has read it as text. */
    bodyText?: string;
    /** For a write with an Idempotency-Key: what the ids of new resources are made of, so that a repeat makes the same. */
    resource?: string;
  };
}

export type ApiContext = Context<ApiEnv>;

/** A request header by its lower-case name; Node's own object spares building a Headers on the hot path. */
export function headerOf(c: ApiContext, name: string): string | undefined {
  const value = c.env?.incoming?.headers[name];
  if (typeof value === "string") return value;
  return c.req.header(name);
}

/** Who asks. Only for routes whose `auth` is member or operator. */
export function principalOf(c: ApiContext): Principal {
  const principal = c.get("principal");
  if (!principal) throw new GridError("internal", "this route does not know who asks");
  return principal;
}

/** Who looks: for routes that are for anyone, also somebody of whom nothing is known. */
export function lookerOf(c: ApiContext): Looker {
  return c.get("principal") ?? stranger;
}

/** A new id, or for a repeated write the id that its first attempt took. */
export function idFor(c: ApiContext, kind: IdKind, nowMs: number): string {
  const fresh = newId(kind, nowMs);
  const resource = c.get("resource");
  return resource === undefined ? fresh : `${fresh.slice(0, fresh.indexOf("_"))}_${resource}`;
}

/** What idFor needs, made once when a write with an Idempotency-Key begins. */
export function newResource(nowMs: number): string {
  const id = newId("token", nowMs);
  return id.slice(id.indexOf("_") + 1);
}
