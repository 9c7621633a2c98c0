import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Memo, weightOf } from "../../api/store/memo-port.ts";
import type { Store } from "../../api/store/port.ts";
import { linesUntilKilled } from "../support/doomed-child.ts";
import { randomOf } from "./fixtures.ts";
import { memoFamily, memoOf, memoOwner, versionOf } from "./memo-versions.ts";
import { type Running, subjects } from "./subjects.ts";

const seed = Number(process.env.SEED ?? Date.now() % 1e9);
const crashes = 6;
/** More than a process puts in its life. */
const versionsEach = 1_000_000;

/** Which version of each task a process was told is remembered, until it was killed. */
async function putUntilKilled(
  { dataDir, redisUrl }: Running,
  first: number,
  afterMs: number,
): Promise<Map<string, number>> {
  const script = join(import.meta.dirname, "memo-crash-child.ts");
  const told = new Map<string, number>();
  for await (const line of linesUntilKilled(script, [dataDir, redisUrl, String(first)], afterMs)) {
    const [what, task, version] = line.split(" ");
    if (what === "put") told.set(task!, Number(version));
  }
  return told;
}

async function remembered(store: Store): Promise<Memo[]> {
  const found = new Map<string, Memo>();
  for await (const batch of store.memos.read(memoOwner, memoFamily))
    for (const memo of batch) found.set(memo.task, memo);
  return [...found.values()];
}

describe.each(subjects())("remembered results in the $name store", (subject) => {
  test(`are whole, and counted right, when who puts them is killed (seed ${seed})`, {
    timeout: 120_000,
  }, async () => {
    const running = await subject.start();
    try {
      const random = randomOf(seed);
      const told = new Map<string, number>();
      for (let crash = 1; crash <= crashes; crash++) {
        const lately = await putUntilKilled(running, crash * versionsEach, random(80));
        for (const [task, version] of lately) told.set(task, version);
        const store = await running.open();
        const memos = await remembered(store);
        for (const memo of memos) expect(memo).toEqual(memoOf(Number(memo.task), versionOf(memo)));
        const versions = new Map(memos.map((memo) => [memo.task, versionOf(memo)]));
        for (const [task, version] of told)
          expect(versions.get(task), `SEED=${seed}: task ${task}`).toBeGreaterThanOrEqual(version);
        await expectCounted(store, memos, crash === crashes);
        await store.close();
      }
      expect(told.size).toBeGreaterThan(3);
    } finally {
      await running.stop();
    }
  });
});

/** What there is just fits in what it weighs; and at the end: one byte less, and it does not. */
async function expectCounted(store: Store, memos: readonly Memo[], last: boolean): Promise<void> {
  const { memos: kept } = store;
  const [first] = memos;
  if (!first) return;
  const bytesMax = memos.reduce((sum, memo) => sum + weightOf(memo), 0);
  await kept.put(memoOwner, memoFamily, [first], { nowMs: versionOf(first), bytesMax });
  expect(await remembered(store)).toHaveLength(memos.length);
  expect(await kept.trim({ usedSinceMs: 0, bytesMax })).toBe(0);
  if (last) expect(await kept.trim({ usedSinceMs: 0, bytesMax: bytesMax - 1 })).toBeGreaterThan(0);
}
