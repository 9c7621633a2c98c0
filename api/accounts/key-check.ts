import { LRUCache } from "lru-cache";
import { GridError } from "../../protocol/errors.ts";
import { type ApiKeys, hashOf } from "./keys.ts";
import type { Principal } from "./principal.ts";

/** Keys that are in use at about the same time; the others are looked up again. */
const cachedMax = 10_000;
/** "Last used" is as fine as this, so that a key in constant use costs one write a minute. */
const usedEveryMs = 60_000;

interface Checked {
  principal: Principal;
  expiresAtMs: number;
  notedAtMs: number;
}

/**
 * Whose key is this? Answered from memory where it can: every call of a function passes here. A hash of the key, not the
 * key, is what is kept. Changes made in this process count at once, by `forget`.
 */
export class KeyCheck {
  readonly #keys: ApiKeys;
  readonly #clock: () => number;
  readonly #cache = new LRUCache<string, Checked>({ max: cachedMax });
  #used = new Map<string, number>();

  constructor(keys: ApiKeys, clock: () => number) {
    this.#keys = keys;
    this.#clock = clock;
  }

  /** @throws GridError unauthorized, account-suspended */
  check(key: string): Principal {
    const keyHash = hashOf(key);
    const checked = this.#cache.get(keyHash) ?? this.#lookUp(keyHash);
    const nowMs = this.#clock();
    if (checked.expiresAtMs <= nowMs) throw refused("This key has expired.");
    if (nowMs - checked.notedAtMs >= usedEveryMs) {
      checked.notedAtMs = nowMs;
      this.#used.set(checked.principal.key!, nowMs);
    }
    return checked.principal;
  }

  /** When a key was last used, if that is known here and not written yet. */
  lastUsedAtMs(key: string): number | undefined {
    return this.#used.get(key);
  }

  /** A key was revoked. */
  forgetKey(key: string): void {
    this.#used.delete(key);
    this.#forget((principal) => principal.key === key);
  }

  /** An account's handle, role or standing changed. */
  forgetAccount(account: string): void {
    this.#forget((principal) => principal.account === account);
  }

  /** Writes when keys were last used. */
  flush(): void {
    if (this.#used.size === 0) return;
    const used = this.#used;
    this.#used = new Map();
    this.#keys.used(used);
  }

  #lookUp(keyHash: string): Checked {
    const known = this.#keys.known(keyHash);
    if (!known) throw refused("The key of the Authorization header is not valid on this server.");
    if (known.suspended) throw suspended();
    const { account, handle, role, scopes, id } = known;
    const defaultPool = known.defaultPool ?? undefined;
    const checked: Checked = {
      principal: {
        ...{ account, handle, role, defaultPool },
        ...{ scopes: new Set(scopes), via: "key", key: id },
      },
      expiresAtMs: known.expiresAtMs ?? Number.POSITIVE_INFINITY,
      notedAtMs: known.lastUsedAtMs ?? 0,
    };
    this.#cache.set(keyHash, checked);
    return checked;
  }

  #forget(which: (principal: Principal) => boolean): void {
    for (const [keyHash, { principal }] of this.#cache.entries())
      if (which(principal)) this.#cache.delete(keyHash);
  }
}

export function suspended(): GridError {
  return new GridError("account-suspended", "This account was suspended by the operator.");
}

export function refused(message: string): GridError {
  return new GridError("unauthorized", message, {
    hint: 'Send "Authorization: Bearer KEY". `sparegrid login` gets a key, and GET /v1/keys lists those there are.',
  });
}
