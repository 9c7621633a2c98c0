import { GridError } from "../../protocol/errors.ts";

/** What is to be paid to whom. */
export interface PaymentOrder {
  /** The payout's id: a provider that was asked for this payment before does not pay again. */
  id: string;
  account: string;
  currency: string;
  decimals: number;
  amountMinor: number;
  destination: string;
}

/** - paid: with its reference; - begun: not yet; it is asked again, with what is known by then */
export type Payment = { state: "paid"; reference: string } | { state: "begun" };

/** Whoever moves the money. */
export interface PayoutProvider {
  /** @throws GridError bad-request when it could never pay there, with a hint for the member */
  check(order: Omit<PaymentOrder, "id">): void;
  /**
   * Pays, or tells how far it is. Asked any number of times for one order.
   * @param reference what the operator knows of the payment
   * @throws GridError when it was surely not paid; any other error leaves open whether it was
   */
  pay(order: PaymentOrder, reference: string | undefined): Promise<Payment>;
}

/** The operator pays by other means and notes the payment's reference here. */
export const manualProvider: PayoutProvider = {
  check({ destination }) {
    if (destination === "")
      throw new GridError("bad-request", "The operator has to know where to pay to.", {
        name: "destination",
      });
  },
  pay: async (_order, reference) =>
    reference === undefined ? { state: "begun" } : { state: "paid", reference },
};
