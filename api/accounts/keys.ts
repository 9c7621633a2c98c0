import { createHmac, hash, randomBytes } from "node:crypto";
import { and, desc, eq, gt, lte, sql } from "drizzle-orm";
import { allScopes, operatorAccount, type Scope } from "../../protocol/accounts.ts";
import { GridError } from "../../protocol/errors.ts";
import { newId } from "../../protocol/ids.ts";
import type { Database } from "../database/open.ts";
import { accounts, apiKeys } from "./schema.ts";

export type KeyRow = typeof apiKeys.$inferSelect;
/** What the check of a key needs: the key, and the account as it is now. */
export interface KnownKey {
  id: string;
  account: string;
  handle: string;
  role: "member" | "operator";
  suspended: boolean;
  defaultPool: string | null;
  scopes: readonly Scope[];
  expiresAtMs: number | null;
  lastUsedAtMs: number | null;
}

export interface NewKey {
  account: string;
  name: string;
  scopes: readonly Scope[];
  expiresAtMs?: number | undefined;
  /** The same request makes the same key, so that its repeat finds it: the secret itself is kept nowhere. */
  idempotencyKey?: string | undefined;
}

export interface ApiKeysOptions {
  database: Database;
  /** What idempotent keys are derived from. */
  secret: string;
  /** @throws GridError quota-exceeded when the account may have no more */
  admit: (account: string) => void;
  clock: () => number;
  /** After a revocation; the key does not work any more. */
  onRevoked: (key: string) => void;
}

/** "sgk_" and 8 of 43 random characters: tells keys apart and leaves 210 bits unknown. */
const prefixChars = 12;
/** The row of DATA_DIR/credentials.json. */
const fileKeyId = "key_credentials";

export function hashOf(key: string): string {
  return hash("sha256", key, "base64url");
}

/** The keys of all accounts. */
export class ApiKeys {
  readonly #options: ApiKeysOptions;
  readonly #byHash;
  readonly #ofAccount;

  constructor(options: ApiKeysOptions) {
    this.#options = options;
    const { drizzle } = options.database;
    this.#byHash = drizzle
      .select({
        id: apiKeys.id,
        account: apiKeys.account,
        handle: accounts.handle,
        role: accounts.role,
        suspended: accounts.banned,
        defaultPool: accounts.defaultPool,
        scopes: apiKeys.scopes,
        expiresAtMs: apiKeys.expiresAtMs,
        lastUsedAtMs: apiKeys.lastUsedAtMs,
      })
      .from(apiKeys)
      .innerJoin(accounts, eq(accounts.id, apiKeys.account))
      .where(eq(apiKeys.hash, sql.placeholder("hash")))
      .prepare();
    this.#ofAccount = drizzle
      .select()
      .from(apiKeys)
      .where(eq(apiKeys.account, sql.placeholder("account")))
      .orderBy(desc(apiKeys.id))
      .prepare();
  }

  /** By the hash of the key. */
  known(keyHash: string): KnownKey | undefined {
    return this.#byHash.get({ hash: keyHash });
  }

  /** All of an account's, newest first; never more than its quota. */
  list(account: string): KeyRow[] {
    return this.#ofAccount.all({ account });
  }

  /**
   * Makes a key. Its text is only ever in this answer.
   * @throws GridError quota-exceeded, idempotency-conflict
   */
  create(request: NewKey): { key: string; row: KeyRow } {
    const { database, admit, clock } = this.#options;
    const key = `sgk_${this.#secretOf(request)}`;
    return database.transaction(() => {
      const keyHash = hashOf(key);
      const held = this.list(request.account);
      const same = held.find((row) => row.hash === keyHash);
      if (same) return { key, row: sameRequest(same, request) };
      admit(request.account);
      const nowMs = clock();
      const row: KeyRow = {
        id: newId("key", nowMs),
        account: request.account,
        name: request.name,
        prefix: key.slice(0, prefixChars),
        hash: keyHash,
        scopes: [...request.scopes],
        createdAtMs: nowMs,
        expiresAtMs: request.expiresAtMs ?? null,
        lastUsedAtMs: null,
      };
      database.drizzle.insert(apiKeys).values(row).run();
      return { key, row };
    });
  }

  /**
   * Ends a key at once.
   * @throws GridError not-found when the account has no such key, conflict for the one that the server's file holds
   */
  revoke(account: string, id: string): void {
    if (id === fileKeyId && account === operatorAccount)
      throw new GridError("conflict", "This is the key of DATA_DIR/credentials.json.", {
        hint: "Delete that file and restart the server: it makes another.",
      });
    const { changes } = this.#options.database.drizzle
      .delete(apiKeys)
      .where(and(eq(apiKeys.id, id), eq(apiKeys.account, account)))
      .run();
    if (changes === 0) throw new GridError("not-found", `There is no key ${id}.`, { name: id });
    this.#options.onRevoked(id);
  }

  /** The key of DATA_DIR/credentials.json is the operator's, for everything. Another file's takes its place. */
  adoptFileKey(key: string): void {
    const { database, clock } = this.#options;
    const row = { hash: hashOf(key), prefix: key.slice(0, prefixChars), scopes: [...allScopes] };
    database.drizzle
      .insert(apiKeys)
      .values({
        id: fileKeyId,
        account: operatorAccount,
        name: "credentials.json",
        createdAtMs: clock(),
        ...row,
      })
      .onConflictDoUpdate({ target: apiKeys.id, set: row })
      .run();
  }

  /** Ids of keys whose time came after `fromMs`, up to `toMs`. */
  expired(fromMs: number, toMs: number): string[] {
    return this.#options.database.drizzle
      .select({ id: apiKeys.id })
      .from(apiKeys)
      .where(and(gt(apiKeys.expiresAtMs, fromMs), lte(apiKeys.expiresAtMs, toMs)))
      .all()
      .map(({ id }) => id);
  }

  /** Notes when keys were last used, all at once. */
  used(times: ReadonlyMap<string, number>): void {
    const { drizzle, transaction } = this.#options.database;
    transaction(() => {
      for (const [id, lastUsedAtMs] of times)
        drizzle.update(apiKeys).set({ lastUsedAtMs }).where(eq(apiKeys.id, id)).run();
    });
  }

  #secretOf({ account, idempotencyKey }: NewKey): string {
    if (idempotencyKey === undefined) return randomBytes(32).toString("base64url");
    return createHmac("sha256", this.#options.secret)
      .update(`api key\n${account}\n${idempotencyKey}`)
      .digest("base64url");
  }
}

function sameRequest(row: KeyRow, { name, scopes }: NewKey): KeyRow {
  const same = row.name === name && row.scopes.join() === [...scopes].join();
  if (same) return row;
  throw new GridError(
    "idempotency-conflict",
    "This Idempotency-Key made a key with another name or scopes.",
    { hint: "Take a new Idempotency-Key for a new key." },
  );
}
