import { hash, timingSafeEqual } from "node:crypto";
import { allScopes, operatorAccount, operatorHandle } from "../../protocol/accounts.ts";
import { GridError } from "../../protocol/errors.ts";
import type { Authenticator, Principal } from "./principal.ts";

const scheme = /^bearer +/i;

export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined || !scheme.test(authorization)) return undefined;
  return authorization.replace(scheme, "").trim();
}

/**
 * The one account there is before others sign up: whoever holds the key of DATA_DIR/credentials.json. Comparing hashes
 * of equal length makes the comparison's time say nothing about the key.
 */
export function createOperatorKeyAuth(key: string): Authenticator {
  const expected = hash("sha256", key, "buffer");
  const principal: Principal = {
    account: operatorAccount,
    handle: operatorHandle,
    role: "operator",
    scopes: new Set(allScopes),
    via: "key",
  };
  return {
    authenticate({ authorization }) {
      const token = bearerToken(authorization);
      if (token !== undefined && timingSafeEqual(hash("sha256", token, "buffer"), expected))
        return principal;
      throw new GridError(
        "unauthorized",
        authorization === undefined
          ? "This route needs a key."
          : "The key of the Authorization header is not this server's key.",
        {
          hint: 'Send "Authorization: Bearer KEY"; the key is in DATA_DIR/credentials.json on the server, and commands take it from SPAREGRID_KEY.',
        },
      );
    },
  };
}
