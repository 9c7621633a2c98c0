import type { Me } from "../../protocol/http-accounts.ts";
import type { Principal } from "../accounts/principal.ts";
import type { Deps } from "../deps.ts";
import { accountOf } from "./account-view.ts";

/** What an account is told of itself. */
export function meOf(
  { accounts, quotas, pools }: Pick<Deps, "accounts" | "quotas" | "pools">,
  { account, via, key, scopes }: Principal,
): Me {
  const known = accounts.get(account);
  return {
    ...accountOf(known),
    hasPassword: accounts.password(account) !== undefined,
    via,
    key: key ?? null,
    scopes: [...scopes],
    quotas: quotas.of(account),
    defaultPool: known.defaultPool === undefined ? null : pools.choice.nameOf(known.defaultPool),
  };
}
