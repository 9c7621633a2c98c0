import { expect, test } from "vitest";
import { type Memo, weightOf } from "../../api/store/memo-port.ts";
import { digestOf } from "../../protocol/digest.ts";
import { newId } from "../../protocol/ids.ts";
import type { Context } from "./context.ts";
import { nowMs, output } from "./fixtures.ts";

const limits = { nowMs, bytesMax: 1e9 };
const untrimmed = { usedSinceMs: 0, bytesMax: 1e12 };
const memo = (task: string, more: Partial<Memo> = {}): Memo => ({
  task,
  by: "acc_a",
  outputs: [output(0)],
  ...more,
});
const newOwner = () => newId("account", Date.now());
const family = digestOf("family");

/** Results that are remembered beyond their job. */
export function memoBehaviour({ store, open, shared }: Context): void {
  const read = async (owner: string, of = family) => {
    const found: Memo[] = [];
    for await (const batch of store().memos.read(owner, of)) found.push(...batch);
    return found.sort((a, b) => (a.task < b.task ? -1 : 1));
  };
  const tasksOf = async (owner: string, of = family) =>
    (await read(owner, of)).map(({ task }) => task);

  test("a family's results come back as they were put, and no other owner's or family's", async () => {
    const { memos } = store();
    const owner = newOwner();
    const { inline: _, ...large } = output(0, { level: 2, hash: "cd".repeat(32), bytes: 1e6 });
    const both = [memo("a"), memo("b", { outputs: [output(0), output(0, { level: 1 }), large] })];
    await memos.put(owner, family, both, limits);
    expect(await read(owner)).toEqual(both);
    expect(await read(owner, digestOf("other"))).toEqual([]);
    expect(await read(newOwner())).toEqual([]);
    const other = shared ? await open() : store();
    const seen: Memo[] = [];
    for await (const batch of other.memos.read(owner, family)) seen.push(...batch);
    expect(seen).toHaveLength(2);
    if (shared) await other.close();
  });

  test("many of a family are all read", async () => {
    const owner = newOwner();
    const many = Array.from({ length: 1500 }, (_, i) => memo(String(i).padStart(4, "0")));
    await store().memos.put(owner, family, many, limits);
    expect(await read(owner)).toEqual(many);
  });

  test("the same task again takes the place of what was, and counts once", async () => {
    const { memos } = store();
    const owner = newOwner();
    const again = memo("a", { by: "acc_b", outputs: [output(5, { index: 0 })] });
    await memos.put(owner, family, [memo("a")], limits);
    await memos.put(owner, family, [again], limits);
    expect(await read(owner)).toEqual([again]);
    const bytesMax = weightOf(again) + weightOf(memo("b"));
    await memos.put(owner, family, [memo("b")], { nowMs, bytesMax });
    expect(await tasksOf(owner)).toEqual(["a", "b"]);
  });

  test("what the owner's own machines computed is not replaced by a stranger's, but by their own", async () => {
    const { memos } = store();
    const owner = newOwner();
    const own = memo("a", { by: owner });
    await memos.put(owner, family, [own], limits);
    await memos.put(owner, family, [memo("a", { outputs: [output(7, { index: 0 })] })], limits);
    expect(await read(owner)).toEqual([own]);
    const newer = memo("a", { by: owner, outputs: [output(8, { index: 0 })] });
    await memos.put(owner, family, [newer], limits);
    expect(await read(owner)).toEqual([newer]);
  });

  test("over its bound, an owner loses what it used the longest ago, and nobody else's", async () => {
    const { memos } = store();
    const [owner, other] = [newOwner(), newOwner()];
    await memos.put(other, family, [memo("x")], { nowMs: nowMs - 10, bytesMax: 1e9 });
    const weight = weightOf(memo("a"));
    const put = (task: string, atMs: number) =>
      memos.put(owner, family, [memo(task)], { nowMs: nowMs + atMs, bytesMax: 2 * weight });
    await put("a", 1);
    await put("b", 2);
    await memos.used(owner, family, ["a", "never"], nowMs + 3);
    await put("c", 4);
    expect(await tasksOf(owner)).toEqual(["a", "c"]);
    await memos.put(owner, digestOf("other"), [memo("d")], { nowMs: nowMs + 5, bytesMax: weight });
    expect(await tasksOf(owner)).toEqual([]);
    expect(await tasksOf(owner, digestOf("other"))).toEqual(["d"]);
    expect(await tasksOf(other)).toEqual(["x"]);
  });

  test("a result that is larger than the bound is not remembered", async () => {
    const owner = newOwner();
    await store().memos.put(owner, family, [memo("a")], { nowMs, bytesMax: 10 });
    expect(await tasksOf(owner)).toEqual([]);
  });

  test("trimming takes what is old, and then the oldest of all owners", async () => {
    const { memos } = store();
    await memos.trim({ usedSinceMs: Number.MAX_SAFE_INTEGER, bytesMax: 0 });
    expect(await memos.trim(untrimmed)).toBe(0);
    const owners = [newOwner(), newOwner(), newOwner()];
    for (const [i, owner] of owners.entries()) {
      const many = Array.from({ length: 150 }, (_, n) => memo(String(n).padStart(3, "0")));
      await memos.put(owner, family, many, { nowMs: nowMs + i, bytesMax: 1e9 });
    }
    expect(await memos.trim({ usedSinceMs: nowMs + 1, bytesMax: 1e12 })).toBe(150);
    expect(await tasksOf(owners[0]!)).toEqual([]);
    const weight = 150 * weightOf(memo("000"));
    expect(await memos.trim({ usedSinceMs: 0, bytesMax: weight })).toBeGreaterThanOrEqual(150);
    expect(await tasksOf(owners[1]!)).toEqual([]);
    await memos.trim({ usedSinceMs: 0, bytesMax: 0 });
    for (const owner of owners) expect(await tasksOf(owner)).toEqual([]);
    expect(await memos.trim(untrimmed)).toBe(0);
  });

  test("the blobs that are named can be listed, and those of what was forgotten are not", async () => {
    const { memos } = store();
    const owner = newOwner();
    const { inline: _, ...large } = output(0, { hash: digestOf(owner), bytes: 1e6 });
    const named = async () => {
      const all = new Set<string>();
      for await (const digests of memos.blobs()) for (const digest of digests) all.add(digest);
      return all;
    };
    await memos.put(owner, family, [memo("a", { outputs: [large] }), memo("b")], limits);
    const all = await named();
    expect(all).toContain(large.hash);
    expect(all).not.toContain(output(0).hash);
    await memos.put(owner, family, [memo("a")], limits);
    expect(await named()).not.toContain(large.hash);
  });
}
