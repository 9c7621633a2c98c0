import {
  type Wallet,
  type WalletEntry,
  walletEntryPageSchema,
  walletSchema,
} from "../protocol/http.ts";
import type { Abortable } from "./jobs.ts";
import { paged } from "./paged.ts";
import type { Query, Transport } from "./transport.ts";

export interface HistoryOptions extends Abortable {
  /** Of these kinds alone. */
  kinds?: readonly WalletEntry["kind"][] | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
  /** Instead of the wallet: the hold of this job of the account's. */
  job?: string | undefined;
}

/** The account's credits. Every method throws GridError, ConnectionError or its signal's reason. */
export class WalletClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  get(options: Abortable = {}): Promise<Wallet> {
    return this.#transport.json({ path: "/v1/ledger", ...options }, walletSchema);
  }

  /** Where credits came from and went to, newest first, fetched page by page as it is consumed. */
  history(
    options: HistoryOptions & { limit?: number } = {},
  ): AsyncGenerator<WalletEntry, void, undefined> {
    const { signal, limit } = options;
    return paged((cursor) =>
      this.#transport.json(
        { path: "/v1/ledger/history", query: { ...queryOf(options), limit, cursor }, signal },
        walletEntryPageSchema,
      ),
    );
  }

  /** All of it as CSV, unread. */
  export(options: HistoryOptions = {}): Promise<Response> {
    return this.#transport.open({
      path: "/v1/ledger/history.csv",
      query: queryOf(options),
      headers: { accept: "text/csv" },
      unhurried: true,
      signal: options.signal,
    });
  }
}

function queryOf({ kinds, from, to, job }: HistoryOptions): Query {
  return { kind: kinds?.join(","), from: from?.toISOString(), to: to?.toISOString(), job };
}
