import { and, eq, ne } from "drizzle-orm";
import { GridError } from "../../protocol/errors.ts";
import { newId } from "../../protocol/ids.ts";
import type { Database } from "../database/open.ts";
import type { Auth } from "./auth.ts";
import type { Accounts } from "./directory.ts";
import type { Principal } from "./principal.ts";
import { logins, sessions } from "./schema.ts";
import type { TokenBuckets } from "./token-buckets.ts";

export interface PasswordsOptions {
  auth: Auth;
  database: Database;
  accounts: Accounts;
  buckets: TokenBuckets;
  /** Guesses at the current password are as few as those at signing in. */
  signInsPerMinute: number;
  clock: () => number;
  onChanged: (account: string) => void;
}

export interface NewPassword {
  password: string;
  currentPassword?: string | undefined;
  email?: string | undefined;
}

/** Sets passwords; better-auth hashes and checks them (scrypt, off the event loop). */
export class Passwords {
  readonly #options: PasswordsOptions;

  constructor(options: PasswordsOptions) {
    this.#options = options;
  }

  /**
   * Sets the password, and the address when one is given; ends the account's other sessions. Whoever came by a sign-in
   * link need not know the old one: the link is the way out of having forgotten it.
   * @throws GridError sign-in-failed, too-many-requests, email-taken, bad-request when the account would have no address
   */
  async set(
    account: string,
    session: NonNullable<Principal["session"]>,
    { password, currentPassword, email }: NewPassword,
  ): Promise<void> {
    const { auth, accounts } = this.#options;
    const { password: scrypt } = await auth.$context;
    const before = accounts.password(account);
    if (before && !session.byLink) {
      this.#countGuess(account);
      const right =
        currentPassword !== undefined &&
        (await scrypt.verify({ hash: before.hash, password: currentPassword }));
      if (!right)
        throw new GridError("sign-in-failed", "The current password is wrong or missing.", {
          hint: 'Send it as "currentPassword".',
        });
    }
    if (email === undefined && accounts.get(account).email === undefined)
      throw new GridError("bad-request", "This account has no e-mail address to sign in with.", {
        hint: 'Send one as "email".',
      });
    this.#write(account, session.id, await scrypt.hash(password), email);
    this.#options.onChanged(account);
  }

  #countGuess(account: string): void {
    const { buckets, signInsPerMinute } = this.#options;
    const waitMs = buckets.take(`password ${account}`, signInsPerMinute, signInsPerMinute / 60);
    if (waitMs === 0) return;
    throw new GridError("too-many-requests", "Too many attempts to change this password.", {
      retryAfterSeconds: Math.ceil(waitMs / 1000),
    });
  }

  #write(account: string, session: string, hash: string, email: string | undefined): void {
    const { database, accounts, clock } = this.#options;
    const { drizzle } = database;
    const updatedAt = new Date(clock());
    database.transaction(() => {
      if (email !== undefined) accounts.change(account, { email });
      const known = accounts.password(account);
      if (known)
        drizzle
          .update(logins)
          .set({ password: hash, updatedAt })
          .where(eq(logins.id, known.id))
          .run();
      else
        drizzle
          .insert(logins)
          .values({
            id: newId("login", clock()),
            userId: account,
            providerId: "credential",
            accountId: account,
            password: hash,
            createdAt: updatedAt,
            updatedAt,
          })
          .run();
      drizzle
        .delete(sessions)
        .where(and(eq(sessions.userId, account), ne(sessions.id, session)))
        .run();
    });
  }
}
