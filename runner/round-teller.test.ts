import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { digestOf } from "../protocol/digest.ts";
import type { RunnerToGateway } from "../protocol/runner-to-gateway.ts";
import { type RoundMessage, RoundTeller } from "./round-teller.ts";

/** With a clock that stands still unless a test moves it. */
let told: { round: number; bytes: number }[];
let teller: RoundTeller;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  told = [];
  teller = new RoundTeller((message: RunnerToGateway, [state]) => {
    const { round } = message as RoundMessage;
    told.push({ round, bytes: state?.byteLength ?? 0 });
  });
});
afterEach(() => void vi.useRealTimers());

function add(round: number, bytes = 8): void {
  const state = new Uint8Array(bytes);
  const output = { level: 0, index: 0, bytes, hash: digestOf(state), fuel: 1, inline: true };
  const message: RoundMessage = {
    ...{ type: "round", lease: "lse_1", round, output },
    ...{ fuel: 1, ms: 1, elapsedMs: 1 },
  };
  teller.add(message, [state]);
}
const rounds = () => told.map(({ round }) => round);

it("tells rare rounds at once", () => {
  for (const round of [1, 2, 3]) {
    add(round);
    expect(rounds().at(-1)).toBe(round);
    vi.advanceTimersByTime(8);
  }
  expect(told).toEqual([1, 2, 3].map((round) => ({ round, bytes: 8 })));
});

it("tells fast ones together, in order, none later than 8 ms", () => {
  for (let round = 1; round <= 100; round++) {
    add(round);
    vi.advanceTimersByTime(1);
    // The first alone, and then those of each 8 ms.
    expect(rounds()).toHaveLength(round < 8 ? 1 : Math.floor(round / 8) * 8);
  }
  vi.advanceTimersByTime(8);
  expect(rounds()).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
});

it("does not hold back much", () => {
  add(1);
  add(2, 200 * 1024);
  expect(rounds()).toEqual([1]);
  add(3, 57 * 1024);
  expect(rounds()).toEqual([1, 2, 3]);
});

it("tells what it holds back when asked, once", () => {
  for (const round of [1, 2, 3]) add(round);
  teller.tell();
  expect(rounds()).toEqual([1, 2, 3]);
  vi.advanceTimersByTime(1000);
  teller.tell();
  expect(rounds()).toEqual([1, 2, 3]);
  expect(vi.getTimerCount()).toBe(0);
});

it("forgets what it holds back when asked", () => {
  for (const round of [1, 2, 3]) add(round);
  teller.clear();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(1000);
  teller.tell();
  expect(rounds()).toEqual([1]);
});
