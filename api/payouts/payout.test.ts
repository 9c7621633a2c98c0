import { describe, expect, test } from "vitest";
import { GridError } from "../../protocol/errors.ts";
import { type PayoutEvent, stepPayout } from "./payout.ts";

const requested = {
  state: "requested",
  payingSinceMs: null,
  reference: null,
  reason: null,
} as const;
type State = Parameters<typeof stepPayout>[0];

const events: PayoutEvent[] = [
  { type: "begin", atMs: 1 },
  { type: "pay", reference: "R1", atMs: 2, by: "acc_operator" },
  { type: "pay", reference: "R2", atMs: 2, by: "acc_operator" },
  { type: "reject", reason: "no such account", atMs: 3, by: "acc_operator" },
  { type: "withdraw", atMs: 4, by: "acc_1" },
];

const stepped = (state: State, event: PayoutEvent): State => ({
  ...state,
  ...stepPayout(state, event),
});

describe("a payout", () => {
  test("ends once: every other end is refused, the same again changes nothing", () => {
    for (const end of events.slice(1)) {
      const ended = stepped(requested, end);
      for (const event of events) {
        if (event === end) expect(stepPayout(ended, event)).toBeUndefined();
        else expect(() => stepPayout(ended, event)).toThrow(GridError);
      }
    }
  });

  test("that is being paid cannot be withdrawn, but paid or rejected", () => {
    const paying = stepped(requested, events[0]!);
    expect(paying.payingSinceMs).toBe(1);
    expect(stepPayout(paying, { type: "begin", atMs: 9 })).toBeUndefined();
    expect(() => stepPayout(paying, events[4]!)).toThrow("being paid");
    expect(stepped(paying, events[1]!).state).toBe("paid");
    expect(stepped(paying, events[3]!)).toMatchObject({
      state: "rejected",
      reason: "no such account",
    });
  });
});
