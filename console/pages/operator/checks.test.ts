import { expect, test } from "vitest";
import type { ServerStatus } from "../../../protocol/http-status.ts";
import { checksOf, verdictOf } from "./checks.ts";

const well: ServerStatus = {
  version: "1.0.0",
  node: "26.0.0",
  startedAt: "2026-11-23T12:00:00.000Z",
  store: { kind: "embedded", answers: true, pingMs: 0.2 },
  runners: { connected: 2, slots: 4, busy: 1 },
  jobs: { active: 3 },
  memory: { residentBytes: 1e8, heapBytes: 5e7 },
  disk: { freeBytes: 5e11, totalBytes: 1e12 },
  eventLoop: { delayP99Ms: 21 },
  accounts: { total: 2, suspended: 0 },
  campaigns: { running: 0 },
  payouts: { requested: 0 },
  settings: {
    platformFeePercent: 5,
    jobBudgetDefault: 10,
    signUpGrant: 100,
    viewsPerDayMax: 50,
    jobRetentionHours: 168,
  },
};
const verdict = (change: Partial<ServerStatus>) => verdictOf(checksOf({ ...well, ...change }, 0));

test("a server that does well says so", () => {
  expect(verdict({})).toEqual({ tone: "good", text: "Everything works." });
});

test.each([
  ["store", "bad", { store: { kind: "redis", answers: false, problem: "late" } }],
  ["runners", "warn", { runners: { connected: 0, slots: 0, busy: 0 }, jobs: { active: 0 } }],
  ["runners", "bad", { runners: { connected: 0, slots: 0, busy: 0 } }],
  ["disk", "bad", { disk: { freeBytes: 1e9, totalBytes: 1e12 } }],
  ["load", "warn", { eventLoop: { delayP99Ms: 250 } }],
  ["payouts", "warn", { payouts: { requested: 2 } }],
] as const)("%s: %s", (name, tone, change) => {
  const found = verdict(change as Partial<ServerStatus>);
  expect(found.tone).toBe(tone);
  expect(found.text).toContain(name);
});

test("a ledger that does not add up is told before all else", () => {
  const ledger = { holds: false, violation: { rule: "r", message: "A balance is off.", rows: [] } };
  const change = { ledger: ledger as unknown as ServerStatus["ledger"] };
  expect(verdict(change).tone).toBe("bad");
  expect(checksOf({ ...well, ...change }, 0).map(({ text }) => text)).toContain(
    "A balance is off.",
  );
});
