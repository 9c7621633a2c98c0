import { allScopes, type Role, type Scope } from "../../protocol/accounts.ts";
import { GridError } from "../../protocol/errors.ts";

/** Who asks, as far as a request proves it. */
export interface Principal {
  /** Id of the account. */
  account: string;
  handle: string;
  role: Role;
  /** What the account chose for jobs that name no pool, as it is kept. */
  defaultPool?: string | undefined;
  /** What the key that was shown may be used for. */
  scopes: ReadonlySet<Scope>;
  via: "key" | "session";
  /** Id of the key, for "last used" and for ending what hangs on it when it is revoked. */
  key?: string;
  session?: { id: string /** It began with a sign-in link, lately. */; byLink: boolean };
  /** The session was renewed: what the answer to this request has to set. */
  setCookies?: readonly string[];
}

/** Who looks at what may be public. */
export type Looker = Pick<Principal, "account" | "handle">;

/** Whoever shows nothing: owns nothing, and sees what is public. No account has these. */
export const stranger: Looker = { account: "", handle: "" };

/** Finds out who asks. What is known already answers at once, without a promise: invokes live by it. */
export interface Authenticator {
  /** @throws GridError unauthorized when there is no valid key or session */
  authenticate(headers: AuthHeaders): Principal | Promise<Principal>;
}

export interface AuthHeaders {
  authorization: string | undefined;
  /** What a session is known by. Absent where only keys are accepted. */
  browser?: BrowserHeaders;
}

/** A cookie is sent by the browser on its own, so what else it says of the request decides whether it counts. */
export interface BrowserHeaders {
  method: string;
  cookie: string | undefined;
  origin: string | undefined;
  /** Sec-Fetch-Site */
  site: string | undefined;
  host: string | undefined;
}

/** @throws GridError forbidden, saying which scope the key lacks */
export function requireScope(principal: Principal, scope: Scope): void {
  if (principal.scopes.has(scope)) return;
  throw new GridError("forbidden", `This key may not be used for ${scope}.`, {
    name: scope,
    hint: `It may be used for: ${[...principal.scopes].join(", ") || "nothing"}. Make one with the scope "${scope}".`,
  });
}

/**
 * For what gives power over the account itself: a session of the console, or a key for everything.
 * @throws GridError forbidden
 */
export function requireWhole(principal: Principal): void {
  if (principal.via === "session" || principal.scopes.size === allScopes.length) return;
  throw new GridError("forbidden", "This takes a session, or a key with every scope.", {
    hint: `This key may be used for: ${[...principal.scopes].join(", ")}.`,
  });
}

/** @throws GridError forbidden */
export function requireSession(principal: Principal): NonNullable<Principal["session"]> {
  if (principal.session) return principal.session;
  throw new GridError("forbidden", "This takes a session; a key is not enough.", {
    hint: "Sign in with the browser, or by POST /v1/auth/sign-in/email.",
  });
}

/** An operator's key for some things only, as on a runner, does not give the operator's power. @throws GridError forbidden */
export function requireOperator(principal: Principal): void {
  if (principal.role !== "operator")
    throw new GridError("forbidden", "Only an operator of this server may do this.");
  requireWhole(principal);
}
