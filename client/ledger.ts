import {
  type Grant,
  type GrantRequest,
  grantSchema,
  type LedgerReport,
  ledgerReportSchema,
} from "../protocol/http.ts";
import type { Abortable } from "./jobs.ts";
import type { Transport } from "./transport.ts";

/** For the operator. Every method throws GridError, ConnectionError or its signal's reason. */
export class LedgerClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Replays every transfer and checks every invariant; on a large ledger this takes a while. */
  verify(options: Abortable = {}): Promise<LedgerReport> {
    const call = { path: "/v1/ledger/verify", unhurried: true, ...options };
    return this.#transport.json(call, ledgerReportSchema);
  }

  /** From the mint to an account, by its handle. */
  grant(request: GrantRequest, options: Abortable = {}): Promise<Grant> {
    const call = { method: "POST", path: "/v1/ledger/grants", json: request, ...options } as const;
    return this.#transport.json(call, grantSchema);
  }
}
