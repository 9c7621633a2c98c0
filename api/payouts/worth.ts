import { GridError } from "../../protocol/errors.ts";
import { formatCredits } from "../../protocol/money.ts";
import { millionths, type Worth, worthOf } from "../../protocol/payout-worth.ts";
import type { RateRow } from "./schema.ts";

type Terms = Pick<RateRow, "currency" | "minorMillionthsPerCredit" | "minimumMicro" | "feeMinor">;

/** @throws GridError bad-request when a member may not exchange this much at these terms */
export function agreedWorth(micro: number, terms: Terms): Worth {
  const { currency, minimumMicro } = terms;
  if (terms.minorMillionthsPerCredit === 0)
    throw new GridError("bad-request", `Credits are not exchanged for ${currency} any more.`, {
      name: "currency",
      hint: "GET /v1/payouts/rates?current=true lists what they are exchanged for.",
    });
  if (micro < minimumMicro)
    throw new GridError(
      "bad-request",
      `A payout in ${currency} has at least ${formatCredits(minimumMicro)}.`,
      { name: "credits", limit: minimumMicro / millionths },
    );
  const worth = worthOf(micro, terms);
  if (worth.amountMinor <= 0)
    throw new GridError(
      "bad-request",
      `${formatCredits(micro)} are not worth more than the fee of a payout in ${currency}.`,
      { name: "credits", hint: "Exchange more credits at once." },
    );
  return worth;
}
