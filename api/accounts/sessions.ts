import { LRUCache } from "lru-cache";
import { allScopes, type Role } from "../../protocol/accounts.ts";
import type { Auth } from "./auth.ts";
import { refused } from "./key-check.ts";
import type { Principal } from "./principal.ts";

const cachedMax = 10_000;
/** A page asks for many things at once; they need not each ask the database who wants to know. */
const cachedMs = 5_000;

const cookiePattern = /(?:^|; ?)(?:__Secure-)?sparegrid\.session_token=([^;]+)/;

/** Whose session is this? Ended sessions and changed accounts count at once, by `forgetAccount`. */
export class Sessions {
  readonly #auth: Auth;
  readonly #cache = new LRUCache<string, Principal>({ max: cachedMax, ttl: cachedMs });
  /** Grows with every change, so that what was read before one is not cached after it. */
  #changes = 0;

  constructor(auth: Auth) {
    this.#auth = auth;
  }

  /** @throws GridError unauthorized */
  check(cookie: string): Principal | Promise<Principal> {
    const token = cookiePattern.exec(cookie)?.[1];
    if (token === undefined) throw refused("This route needs a session or a key.");
    return this.#cache.get(token) ?? this.#lookUp(token, cookie);
  }

  /** The session of this cookie was ended. */
  forgetCookie(cookie: string): void {
    this.#changes++;
    const token = cookiePattern.exec(cookie)?.[1];
    if (token !== undefined) this.#cache.delete(token);
  }

  forgetAccount(account: string): void {
    this.#changes++;
    for (const [token, principal] of this.#cache.entries())
      if (principal.account === account) this.#cache.delete(token);
  }

  async #lookUp(token: string, cookie: string): Promise<Principal> {
    const changes = this.#changes;
    const found = await this.#auth.api.getSession({
      headers: new Headers({ cookie }),
      query: { disableRefresh: true },
    });
    if (!found) throw refused("The session has ended.");
    const { user, session } = found;
    const principal: Principal = {
      account: user.id,
      handle: user.handle!,
      role: user.role as Role,
      scopes: new Set(allScopes),
      via: "session",
      session: { id: session.id, byLink: session.via === "link" },
    };
    if (this.#changes === changes) this.#cache.set(token, principal);
    return principal;
  }
}
