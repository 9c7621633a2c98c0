import { and, desc, eq, ne, notInArray } from "drizzle-orm";
import { operatorAccount } from "../../protocol/accounts.ts";
import type { Database } from "../database/open.ts";
import { accounts, apiKeys, logins } from "./schema.ts";

/** A crash can only have struck those that signed up last. */
const newestMax = 1_000;

/**
 * Makes good what a crash left over: an account whose sign-up broke off before it had a password, which nobody could
 * use and whose address nobody else could take; and what follows a sign-up but was not done any more.
 */
export function repairAccounts({ drizzle }: Database, onSignUp: (account: string) => void): void {
  drizzle
    .delete(accounts)
    .where(
      and(
        ne(accounts.id, operatorAccount),
        eq(accounts.banned, false),
        notInArray(accounts.id, drizzle.select({ id: logins.userId }).from(logins)),
        notInArray(accounts.id, drizzle.select({ id: apiKeys.account }).from(apiKeys)),
      ),
    )
    .run();
  const newest = drizzle
    .select({ account: logins.userId })
    .from(logins)
    .where(ne(logins.userId, operatorAccount))
    .orderBy(desc(logins.id))
    .limit(newestMax)
    .all();
  for (const { account } of newest) onSignUp(account);
}
