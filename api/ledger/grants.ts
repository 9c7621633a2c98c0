import { operatorAccount } from "../../protocol/accounts.ts";
import type { Applied, Ledger } from "./port.ts";

export interface GrantOptions {
  ledger: Pick<Ledger, "apply" | "find">;
  operatorGrantMicro: number;
  signUpGrantMicro: number;
}

/** What accounts get from the mint when they begin. Each once, whatever the amounts are configured to be later. */
export interface Grants {
  /** In the transaction that makes the account, when there is one. */
  onSignUp(account: string): Applied;
  /** At every start. */
  toOperator(): Applied;
}

export function createGrants(options: GrantOptions): Grants {
  const { ledger, operatorGrantMicro, signUpGrantMicro } = options;
  function once(id: string, account: string, micro: number, note: string): Applied {
    if (micro === 0 || ledger.find(id)) return "exists";
    const credit = `wallet:${account}`;
    const [applied] = ledger.apply([
      { id, kind: "grant", debit: "mint", credit, micro, about: { note } },
    ]);
    return applied!;
  }
  return {
    onSignUp: (account) =>
      once(`grant:sign-up:${account}`, account, signUpGrantMicro, "for signing up"),
    toOperator: () =>
      once("grant:first", operatorAccount, operatorGrantMicro, "the operator's first"),
  };
}
