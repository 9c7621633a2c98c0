import { and, eq, ne, notInArray } from "drizzle-orm";
import { operatorAccount } from "../../protocol/accounts.ts";
import type { Database } from "../database/open.ts";
import { accounts, apiKeys, logins } from "./schema.ts";

/**
 * Makes good what a crash left over: an account whose sign-up broke off before it had a password, which nobody could
 * use and whose address nobody else could take.
 */
export function repairAccounts({ drizzle }: Database): void {
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
}
