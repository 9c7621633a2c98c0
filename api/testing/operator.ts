import { allScopes, operatorAccount, operatorHandle } from "../../protocol/accounts.ts";
import type { Principal } from "../accounts/principal.ts";

/** Who asks when a test calls past HTTP. */
export const operator: Principal = {
  account: operatorAccount,
  handle: operatorHandle,
  role: "operator",
  scopes: new Set(allScopes),
  via: "key",
};
