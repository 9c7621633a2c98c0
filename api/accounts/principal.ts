import type { Role, Scope } from "../../protocol/accounts.ts";
import { GridError } from "../../protocol/errors.ts";

/** Who asks, as far as a request proves it. */
export interface Principal {
  /** Id of the account. */
  account: string;
  handle: string;
  role: Role;
  /** What the key that was shown may be used for. */
  scopes: ReadonlySet<Scope>;
  via: "key" | "session";
  /** Id of the key, for "last used" and for ending what hangs on it when it is revoked. */
  key?: string;
}

/** Finds out who asks. What is known already answers at once, without a promise: invokes live by it. */
export interface Authenticator {
  /** @throws GridError unauthorized when there is no valid key or session */
  authenticate(headers: AuthHeaders): Principal | Promise<Principal>;
}

export interface AuthHeaders {
  authorization: string | undefined;
  cookie: string | undefined;
}

/** @throws GridError forbidden, saying which scope the key lacks */
export function requireScope(principal: Principal, scope: Scope): void {
  if (principal.scopes.has(scope)) return;
  throw new GridError("forbidden", `This key may not be used for ${scope}.`, {
    name: scope,
    hint: `It may be used for: ${[...principal.scopes].join(", ") || "nothing"}. Make one with the scope "${scope}".`,
  });
}

/** @throws GridError forbidden */
export function requireOperator(principal: Principal): void {
  if (principal.role === "operator") return;
  throw new GridError("forbidden", "Only the operator of this server may do this.");
}
