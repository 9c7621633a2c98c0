import { and, count, desc, eq, lt, or, type SQLWrapper, sql } from "drizzle-orm";
import { operatorAccount, operatorHandle, type Role } from "../../protocol/accounts.ts";
import { GridError } from "../../protocol/errors.ts";
import type { Database } from "../database/open.ts";
import { FormerHandles } from "./former-handles.ts";
import { accounts, logins, sessions } from "./schema.ts";

export interface Account {
  id: string;
  handle: string;
  name: string;
  /** Undefined for the operator until one is set. */
  email: string | undefined;
  role: Role;
  suspended: boolean;
  /** As it is kept: "own", "everyone" or a pool's id. */
  defaultPool: string | undefined;
  createdAtMs: number;
}

export interface AccountFilter {
  cursor?: string | undefined;
  limit: number;
  /** Part of handle, name or address. */
  text?: string | undefined;
  role?: Role | undefined;
  suspended?: boolean | undefined;
}

export interface AccountChange {
  handle?: string | undefined;
  name?: string | undefined;
  email?: string | undefined;
  role?: Role | undefined;
  suspended?: boolean | undefined;
  /** Null: the server chooses. */
  defaultPool?: string | null | undefined;
}

export interface AccountsOptions {
  database: Database;
  clock: () => number;
  /** After a change that decides what the account may do, or as whom it is shown. */
  onChanged: (account: string) => void;
}

/** better-auth wants an address for everyone; RFC 2606 keeps this one from being anyone's. */
const noEmail = "operator@sparegrid.invalid";
/** Sorts after every id. */
const end = "~";

/** Who there is. */
export class Accounts {
  readonly #options: AccountsOptions;
  readonly #byId;
  readonly #byHandle;
  readonly #password;
  readonly #former: FormerHandles;

  constructor(options: AccountsOptions) {
    this.#options = options;
    const { drizzle } = options.database;
    this.#former = new FormerHandles(drizzle, options.clock);
    this.#byId = drizzle
      .select()
      .from(accounts)
      .where(eq(accounts.id, sql.placeholder("id")))
      .prepare();
    this.#byHandle = drizzle
      .select()
      .from(accounts)
      .where(eq(accounts.handle, sql.placeholder("handle")))
      .prepare();
    this.#password = drizzle
      .select({ id: logins.id, hash: logins.password })
      .from(logins)
      .where(and(eq(logins.userId, sql.placeholder("id")), eq(logins.providerId, "credential")))
      .prepare();
  }

  find(id: string): Account | undefined {
    const row = this.#byId.get({ id });
    return row && accountOf(row);
  }

  /** Of an account that must be there, since it asks. @throws GridError internal */
  get(id: string): Account {
    const account = this.find(id);
    if (account) return account;
    throw new GridError("internal", "the account of this request is gone", { name: id });
  }

  /** By the handle that it has, or had until lately. */
  byHandle(handle: string): Account | undefined {
    const row = this.#byHandle.get({ handle });
    if (row) return accountOf(row);
    const former = this.#former.accountOf(handle);
    return former === undefined ? undefined : this.find(former);
  }

  /** Whether nobody but this account may have a handle. */
  isTaken(handle: string, account?: string): boolean {
    if (handle === operatorHandle && account !== operatorAccount) return true;
    const bearer = this.byHandle(handle);
    return bearer !== undefined && bearer.id !== account;
  }

  /** In descending order of ids, those before `cursor`: newest first, the operator of the first start before all. */
  list({ cursor, limit, text, role, suspended }: AccountFilter): Account[] {
    const pattern = text && `%${text.replace(/[\\%_]/g, "\\$&")}%`;
    const contains = (column: SQLWrapper) => sql`${column} LIKE ${pattern} ESCAPE '\\'`;
    return this.#options.database.drizzle
      .select()
      .from(accounts)
      .where(
        and(
          lt(accounts.id, cursor ?? end),
          pattern === undefined
            ? undefined
            : or(contains(accounts.handle), contains(accounts.name), contains(accounts.email)),
          role === undefined ? undefined : eq(accounts.role, role),
          suspended === undefined ? undefined : eq(accounts.banned, suspended),
        ),
      )
      .orderBy(desc(accounts.id))
      .limit(limit)
      .all()
      .map(accountOf);
  }

  counts(): { total: number; suspended: number } {
    return this.#options.database.drizzle
      .select({ total: count(), suspended: sql<number>`coalesce(sum(${accounts.banned}), 0)` })
      .from(accounts)
      .get()!;
  }

  /** The password's row and hash, when one is set. */
  password(id: string): { id: string; hash: string } | undefined {
    const row = this.#password.get({ id });
    return row?.hash ? { id: row.id, hash: row.hash } : undefined;
  }

  /**
   * Changes what is given. Who is suspended is signed out at once.
   * @throws GridError not-found, handle-taken, email-taken, conflict (the last operator, or too many handles)
   */
  change(id: string, change: AccountChange): Account {
    const { database, clock, onChanged } = this.#options;
    const { drizzle } = database;
    const { handle, name, email, role, suspended, defaultPool } = change;
    const changed = database.transaction(() => {
      const before = this.find(id);
      if (!before) throw new GridError("not-found", "There is no such account.", { name: id });
      const powerless = role === "member" || suspended === true;
      if (before.role === "operator" && powerless && this.#operators() === 1)
        throw new GridError("conflict", "The only operator would be left without power.", {
          hint: "Make another account an operator first.",
        });
      if (handle !== undefined && handle !== before.handle) {
        if (this.isTaken(handle, id)) throw handleTaken(handle);
        this.#former.changed(id, before.handle, handle);
      }
      if (email !== undefined && this.#hasEmail(email, id)) throw emailTaken(email);
      drizzle
        .update(accounts)
        .set({
          ...(handle === undefined ? {} : { handle }),
          ...(name === undefined ? {} : { name }),
          ...(email === undefined ? {} : { email }),
          ...(role === undefined ? {} : { role }),
          ...(suspended === undefined ? {} : { banned: suspended }),
          ...(defaultPool === undefined ? {} : { defaultPool }),
          updatedAt: new Date(clock()),
        })
        .where(eq(accounts.id, id))
        .run();
      if (suspended === true) drizzle.delete(sessions).where(eq(sessions.userId, id)).run();
      return this.find(id)!;
    });
    onChanged(id);
    return changed;
  }

  /** Makes the operator's account, on the first start. - created; - exists */
  ensureOperator(): "created" | "exists" {
    const now = new Date(this.#options.clock());
    const { changes } = this.#options.database.drizzle
      .insert(accounts)
      .values({
        id: operatorAccount,
        handle: operatorHandle,
        name: "Operator",
        email: noEmail,
        role: "operator",
        createdAt: now,
        updatedAt: now,
      })
      .onConflictDoNothing()
      .run();
    return changes > 0 ? "created" : "exists";
  }

  #operators(): number {
    const row = this.#options.database.drizzle
      .select({ count: count() })
      .from(accounts)
      .where(and(eq(accounts.role, "operator"), eq(accounts.banned, false)))
      .get();
    return row?.count ?? 0;
  }

  #hasEmail(email: string, except: string): boolean {
    const row = this.#options.database.drizzle
      .select({ id: accounts.id })
      .from(accounts)
      .where(eq(accounts.email, email))
      .get();
    return row !== undefined && row.id !== except;
  }
}

export function handleTaken(handle: string): GridError {
  return new GridError("handle-taken", `The handle ${handle} is taken.`, { name: handle });
}

export function emailTaken(email: string): GridError {
  return new GridError("email-taken", `There is an account with the address ${email}.`, {
    hint: "Sign in with it, or take another address.",
  });
}

function accountOf(row: typeof accounts.$inferSelect): Account {
  const { id, handle, name, email, role, banned, defaultPool, createdAt } = row;
  return {
    id,
    handle,
    name,
    email: email === noEmail ? undefined : email,
    role,
    suspended: banned,
    defaultPool: defaultPool ?? undefined,
    createdAtMs: createdAt.getTime(),
  };
}
