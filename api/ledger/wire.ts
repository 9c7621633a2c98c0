import type { Logger } from "pino";
import type { Config } from "../config.ts";
import type { Database } from "../database/open.ts";
import { LedgerCheck } from "./check.ts";
import { Expiry } from "./expiry.ts";
import { createGrants, type Grants } from "./grants.ts";
import { createHoldings, type Holdings } from "./holdings.ts";
import { createLedger } from "./ledger.ts";
import type { Ledger } from "./port.ts";

const expireEveryMs = 1_000;

export interface LedgerParts {
  ledger: Ledger;
  grants: Grants;
  holdings: Holdings;
  ledgerCheck: LedgerCheck;
}

export interface WireLedgerOptions {
  config: Pick<Config, "operatorGrantMicro" | "signUpGrantMicro">;
  database: Database;
  clock: () => number;
  log: Logger;
}

/** The ledger, what keeps its pending transfers in time, and the operator's first credits. */
export function wireLedger(options: WireLedgerOptions): LedgerParts & { close(): void } {
  const { database, clock, log } = options;
  const ledger = createLedger({ database, clock });
  const expiry = new Expiry({
    ledger,
    clock,
    everyMs: expireEveryMs,
    onError: (error) => log.warn({ err: error }, "pending transfers could not be expired"),
  });
  const grants = createGrants({ ledger, ...options.config });
  grants.toOperator();
  return {
    ledger,
    grants,
    holdings: createHoldings(database.client),
    ledgerCheck: new LedgerCheck(ledger, clock),
    close() {
      expiry.close();
      ledger.close();
    },
  };
}
