import { and, eq, lt, ne, notInArray } from "drizzle-orm";
import { operatorAccount } from "../../protocol/accounts.ts";
import type { Database } from "../database/open.ts";
import { accounts, apiKeys, deviceCodes, logins, sessions, verifications } from "./schema.ts";

/**
 * Makes good what a crash or time left over: an account whose sign-up broke off before it had a password, which nobody
 * could use and whose address nobody else could take, and whatever has expired.
 */
export function repairAccounts({ drizzle, transaction }: Database, nowMs: number): void {
  const now = new Date(nowMs);
  transaction(() => {
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
    drizzle.delete(sessions).where(lt(sessions.expiresAt, now)).run();
    drizzle.delete(verifications).where(lt(verifications.expiresAt, now)).run();
    drizzle.delete(deviceCodes).where(lt(deviceCodes.expiresAt, now)).run();
  });
}
