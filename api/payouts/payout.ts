/**
 * The life of a payout, as a state machine without I/O:
 *
 *              ┌─ begin ─▶ being paid ─ pay ─────▶ paid
 *   requested ─┤                │
 *    │         └────────── pay ─┼─────────────────▶ paid
 *    │                  reject ─┴─ reject ────────▶ rejected
 *    └─ withdraw (not while it is being paid) ────▶ withdrawn
 *
 * "Being paid" is a mark on a requested one. Each ends once; the same end again is repeated, another one is refused.
 */
import { GridError } from "../../protocol/errors.ts";
import type { PayoutRow } from "./schema.ts";

export type PayoutEvent =
  | { type: "begin"; atMs: number }
  | { type: "pay"; reference: string; atMs: number; by: string }
  | { type: "reject"; reason: string; atMs: number; by: string }
  | { type: "withdraw"; atMs: number; by: string };

type PayoutEnd = Pick<PayoutRow, "state" | "payingSinceMs" | "reference" | "reason">;
export type PayoutPatch = Partial<PayoutEnd & Pick<PayoutRow, "endedAtMs" | "endedBy">>;

/** What changes; undefined when it had happened before. @throws GridError conflict */
export function stepPayout(payout: PayoutEnd, event: PayoutEvent): PayoutPatch | undefined {
  const { state } = payout;
  if (state !== "requested") {
    if (isRepeat(payout, event)) return undefined;
    throw new GridError("conflict", `This payout is ${state}.`, {
      hint: "A payout ends once; GET /v1/payouts/ID shows how.",
    });
  }
  switch (event.type) {
    case "begin":
      return payout.payingSinceMs === null ? { payingSinceMs: event.atMs } : undefined;
    case "pay":
      return { state: "paid", reference: event.reference, ...endOf(event) };
    case "reject":
      return { state: "rejected", reason: event.reason, ...endOf(event) };
    case "withdraw":
      if (payout.payingSinceMs !== null)
        throw new GridError("conflict", "This payout is being paid; it cannot be withdrawn.");
      return { state: "withdrawn", ...endOf(event) };
  }
}

function isRepeat(payout: PayoutEnd, event: PayoutEvent): boolean {
  if (event.type === "pay") return payout.state === "paid" && payout.reference === event.reference;
  if (event.type === "reject") return payout.state === "rejected" && payout.reason === event.reason;
  return event.type === "withdraw" && payout.state === "withdrawn";
}

function endOf({ atMs, by }: { atMs: number; by: string }): PayoutPatch {
  return { endedAtMs: atMs, endedBy: by };
}
