import { LRUCache } from "lru-cache";
import { allScopes, type Role } from "../../protocol/accounts.ts";
import { GridError } from "../../protocol/errors.ts";
import type { Auth } from "./auth.ts";
import { refused } from "./key-check.ts";
import type { Principal } from "./principal.ts";
import type { SessionRow, SessionRows } from "./session-rows.ts";
import { linkMs } from "./sign-in-link.ts";

const cachedMax = 10_000;
/** A page asks for many things at once; they need not each ask the database who wants to know. */
const cachedMs = 5_000;

const cookiePattern = /(?:^|; ?)(?:__Secure-)?sparegrid\.session_token=([^;]+)/;

/**
 * Whose session is this? Ended sessions and changed accounts count at once, by `forgetAccount`. A session that is used is
 * renewed once a day (better-auth's updateAge), so that it ends only when nobody came for as long as it lasts.
 */
export class Sessions {
  readonly #auth: Auth;
  readonly #rows: SessionRows;
  readonly #clock: () => number;
  readonly #cache = new LRUCache<string, Principal>({ max: cachedMax, ttl: cachedMs });
  /** When sessions were last used, by id, as far as it is not written yet. */
  #used = new Map<string, number>();
  /** Grows with every change, so that what was read before one is not cached after it. */
  #changes = 0;

  constructor(auth: Auth, rows: SessionRows, clock: () => number) {
    this.#auth = auth;
    this.#rows = rows;
    this.#clock = clock;
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

  /** Of an account, the last used first. */
  list(account: string): SessionRow[] {
    this.flush();
    return this.#rows.list(account);
  }

  /** Ends one, at once. @throws GridError not-found */
  end(account: string, id: string): void {
    if (this.#rows.end(account, id) === "unknown")
      throw new GridError("not-found", `You have no session ${id}.`, { name: id });
    this.forgetAccount(account);
  }

  /** Ends all but `kept`, at once. Returns how many there were. */
  endOthers(account: string, kept: string | undefined): number {
    const ended = this.#rows.endOthers(account, kept);
    this.forgetAccount(account);
    return ended;
  }

  /** Writes when sessions were last used. */
  flush(): void {
    if (this.#used.size === 0) return;
    const used = this.#used;
    this.#used = new Map();
    this.#rows.used(used);
  }

  async #lookUp(token: string, cookie: string): Promise<Principal> {
    const changes = this.#changes;
    const { response: found, headers } = await this.#auth.api.getSession({
      headers: new Headers({ cookie }),
      returnHeaders: true,
    });
    if (!found) throw refused("The session has ended.");
    const { user, session } = found;
    const nowMs = this.#clock();
    const byLink = session.via === "link" && nowMs - session.createdAt.getTime() < linkMs;
    const principal: Principal = {
      account: user.id,
      handle: user.handle!,
      role: user.role as Role,
      defaultPool: user.defaultPool ?? undefined,
      scopes: new Set(allScopes),
      via: "session",
      session: { id: session.id, byLink },
    };
    this.#used.set(session.id, nowMs);
    if (this.#changes === changes) this.#cache.set(token, principal);
    const renewed = headers.getSetCookie();
    return renewed.length === 0 ? principal : { ...principal, setCookies: renewed };
  }
}
