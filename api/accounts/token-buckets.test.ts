import { expect, test } from "vitest";
import { TokenBuckets } from "./token-buckets.ts";

test("a bucket gives its burst at once, then its rate, and says how long to wait", () => {
  let nowMs = 1_000;
  const buckets = new TokenBuckets(() => nowMs);
  const take = () => buckets.take("a", 3, 2);
  expect([take(), take(), take()]).toEqual([0, 0, 0]);
  expect(take()).toBe(500);
  nowMs += 499;
  expect(take()).toBeGreaterThan(0);
  nowMs += 1;
  expect([take(), take()]).toEqual([0, 500]);
  expect(buckets.take("b", 3, 2)).toBe(0);
  nowMs += 3_600_000;
  expect([take(), take(), take(), take()]).toEqual([0, 0, 0, 500]);
});

test("a clock that is set back neither gives nor takes", () => {
  let nowMs = 10_000;
  const buckets = new TokenBuckets(() => nowMs);
  const take = () => buckets.take("a", 2, 1);
  take();
  nowMs = 0;
  expect(take()).toBe(0);
  expect(take()).toBe(1_000);
  nowMs = 1_000;
  expect(take()).toBe(0);
});
