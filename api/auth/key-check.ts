import { hash, timingSafeEqual } from "node:crypto";
import { GridError } from "../../protocol/errors.ts";

/** Decides whether an Authorization header carries the operator's key. Keeps only the key's hash. */
export interface KeyCheck {
  holds(authorization: string | undefined): boolean;
  /** @throws GridError unauthorized, saying what is missing */
  require(authorization: string | undefined): void;
}

const scheme = /^bearer +/i;

export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined || !scheme.test(authorization)) return undefined;
  return authorization.replace(scheme, "").trim();
}

/** Comparing hashes of equal length makes the comparison's time say nothing about the key. */
export function createKeyCheck(key: string): KeyCheck {
  const expected = hash("sha256", key, "buffer");
  const holds = (authorization: string | undefined): boolean => {
    const token = bearerToken(authorization);
    return token !== undefined && timingSafeEqual(hash("sha256", token, "buffer"), expected);
  };
  return {
    holds,
    require(authorization) {
      if (holds(authorization)) return;
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
