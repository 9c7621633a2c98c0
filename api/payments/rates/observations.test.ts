import { expect, test } from "vitest";
import { Observations } from "./observations.ts";

const version = "v1";

test("an owner's median is over spans of work, in microcredits for 10^9 fuel", () => {
  const observations = new Observations();
  const observe = (fuel: number, ms: number) =>
    observations.observe({ version, owner: "a", fuel, ms });
  observe(1_000_000, 50); // 50 core-seconds for 10^9
  observe(1_000_000, 60);
  observe(1_000_000, 90);
  expect(observations.of(version)).toEqual([{ owner: "a", medianMicro: 60_000_000, samples: 3 }]);
});

test("long work counts for up to four spans", () => {
  const observations = new Observations();
  observations.observe({ version, owner: "a", fuel: 1_000_000, ms: 120 });
  expect(observations.of(version)).toMatchObject([{ samples: 2 }]);
  observations.observe({ version, owner: "a", fuel: 1_000_000, ms: 90_000 });
  expect(observations.of(version)).toMatchObject([{ samples: 6 }]);
});

test("short work is gathered until it says something", () => {
  const observations = new Observations();
  for (let i = 0; i < 49; i++) observations.observe({ version, owner: "a", fuel: 1000, ms: 1 });
  expect(observations.of(version)).toEqual([]);
  observations.observe({ version, owner: "a", fuel: 1000, ms: 1 });
  expect(observations.of(version)).toEqual([
    { owner: "a", medianMicro: 1_000_000_000, samples: 1 },
  ]);
});

test("work without fuel or without time is no measure", () => {
  const observations = new Observations();
  observations.observe({ version, owner: "a", fuel: 0, ms: 1000 });
  observations.observe({ version, owner: "a", fuel: 1000, ms: Number.NaN });
  expect(observations.of(version)).toEqual([]);
});

test("the latest 32 spans count, and what changed is given out once and taken in again", () => {
  const observations = new Observations();
  for (let i = 0; i < 40; i++)
    observations.observe({ version, owner: "a", fuel: 1e6, ms: i < 8 ? 90 : 80 });
  const changed = observations.takeChanged();
  expect(changed.map(({ owner, spans, ms }) => [owner, spans.length, ms])).toEqual([
    ["a", 32, 8 * 90 + 32 * 80],
  ]);
  expect(observations.takeChanged()).toEqual([]);
  const restored = new Observations();
  restored.restore(changed);
  expect(restored.of(version)).toEqual(observations.of(version));
});

test("owners and versions beyond what is kept are forgotten", () => {
  const observations = new Observations();
  for (let i = 0; i < 100; i++)
    observations.observe({ version, owner: `acc_${i}`, fuel: 1e6, ms: 100 });
  expect(observations.of(version)).toHaveLength(64);
  for (let i = 0; i < 1000; i++)
    observations.observe({ version: `v_${i}`, owner: "a", fuel: 1e6, ms: 100 });
  expect(observations.isKnown(version)).toBe(false);
});
