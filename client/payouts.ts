import {
  type Payout,
  type PayoutListQuery,
  type PayoutRate,
  type PayoutRequest,
  payoutPageSchema,
  payoutRatePageSchema,
  payoutRateSchema,
  payoutSchema,
  type SetRateRequest,
} from "../protocol/http.ts";
import type { Abortable } from "./jobs.ts";
import { paged } from "./paged.ts";
import type { Call, Transport } from "./transport.ts";

type ListOptions = Partial<Omit<PayoutListQuery, "cursor">> & Abortable;

/** Credits for money. Every method throws GridError, ConnectionError or its signal's reason. */
export class PayoutsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Sets the credits aside, at the rate that holds now. */
  request(request: PayoutRequest, options: Abortable = {}): Promise<Payout> {
    return this.#payout({ method: "POST", path: "/v1/payouts", json: request, ...options });
  }

  get(id: string, options: Abortable = {}): Promise<Payout> {
    return this.#payout({ path: pathOf(id), ...options });
  }

  /** Your own, newest first. */
  list(query: ListOptions = {}): AsyncGenerator<Payout, void, undefined> {
    return this.#list("/v1/payouts", query);
  }

  /** Everybody's; for the operator. */
  listAll(query: ListOptions = {}): AsyncGenerator<Payout, void, undefined> {
    return this.#list("/v1/payouts/all", query);
  }

  /** Takes a request back, as long as it is not being paid. */
  withdraw(id: string, options: Abortable = {}): Promise<Payout> {
    return this.#payout({ method: "POST", path: `${pathOf(id)}/withdraw`, ...options });
  }

  /** Begins to pay it; with the payment's reference it is done. For the operator. */
  pay(id: string, reference?: string, options: Abortable = {}): Promise<Payout> {
    const json = reference === undefined ? {} : { reference };
    return this.#payout({ method: "POST", path: `${pathOf(id)}/pay`, json, ...options });
  }

  /** Refuses it; the credits return. For the operator. */
  reject(id: string, reason: string, options: Abortable = {}): Promise<Payout> {
    const path = `${pathOf(id)}/reject`;
    return this.#payout({ method: "POST", path, json: { reason }, ...options });
  }

  /** As CSV: your own, or for the operator everybody's. */
  async export(options: Abortable & { all?: boolean } = {}): Promise<Response> {
    const { all = false, signal } = options;
    const path = all ? "/v1/payouts/all/export" : "/v1/payouts/export";
    return this.#transport.open({ path, headers: { accept: "text/csv" }, unhurried: true, signal });
  }

  /** Published rates, newest first; `current` leaves only those that hold now. */
  rates(
    query: { currency?: string; current?: boolean } & Abortable = {},
  ): AsyncGenerator<PayoutRate, void, undefined> {
    const { signal, currency, current = false } = query;
    return paged((cursor) =>
      this.#transport.json(
        {
          path: "/v1/payouts/rates",
          query: { currency, current: current ? "true" : undefined, cursor },
          signal,
        },
        payoutRatePageSchema,
      ),
    );
  }

  /** For the operator. */
  setRate(request: SetRateRequest, options: Abortable = {}): Promise<PayoutRate> {
    return this.#transport.json(
      { method: "POST", path: "/v1/payouts/rates", json: request, ...options },
      payoutRateSchema,
    );
  }

  #list(path: string, { signal, ...filter }: ListOptions) {
    return paged((cursor) =>
      this.#transport.json({ path, query: { ...filter, cursor }, signal }, payoutPageSchema),
    );
  }

  #payout(call: Call): Promise<Payout> {
    return this.#transport.json(call, payoutSchema);
  }
}

function pathOf(id: string): string {
  return `/v1/payouts/${encodeURIComponent(id)}`;
}
