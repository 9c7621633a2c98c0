import type { Account } from "../../protocol/http-accounts.ts";
import type { Account as KnownAccount } from "../accounts/directory.ts";

export function accountOf({
  createdAtMs,
  email,
  defaultPool: _,
  ...account
}: KnownAccount): Account {
  return {
    ...account,
    email: email ?? null,
    createdAt: new Date(createdAtMs).toISOString(),
  };
}
