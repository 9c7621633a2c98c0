import { bearerToken } from "./bearer.ts";
import type { KeyCheck } from "./key-check.ts";
import { refused } from "./key-check.ts";
import type { Authenticator, AuthHeaders, Principal } from "./principal.ts";
import { requireSameOrigin } from "./same-origin.ts";
import type { Sessions } from "./sessions.ts";

/** A key where one is shown, else the session's cookie; a cookie's writes must come from our own pages. */
export class AccountAuthenticator implements Authenticator {
  readonly #keys: KeyCheck;
  readonly #sessions: Sessions;
  readonly #publicUrl: string | undefined;

  constructor(keys: KeyCheck, sessions: Sessions, publicUrl: string | undefined) {
    this.#keys = keys;
    this.#sessions = sessions;
    this.#publicUrl = publicUrl;
  }

  /** @throws GridError unauthorized, account-suspended, cross-site */
  authenticate({ authorization, browser }: AuthHeaders): Principal | Promise<Principal> {
    if (authorization !== undefined) {
      const key = bearerToken(authorization);
      if (key === undefined)
        throw refused("The Authorization header has another scheme than Bearer.");
      return this.#keys.check(key);
    }
    if (browser?.cookie === undefined) throw refused("This route needs a key.");
    requireSameOrigin(browser, this.#publicUrl);
    return this.#sessions.check(browser.cookie);
  }
}
