import type { Digest } from "../../../protocol/digest.ts";
import type { Memo, MemoStore } from "../memo-port.ts";
import type { Connection } from "./connection.ts";
import { memoFamilies, memoFamilyKey, memoKey, memoKeyOf, memoWeights } from "./keys.ts";
import { memoArgs, unpackMemo } from "./memo-codec.ts";
import { scanKeys } from "./scan.ts";

/** Bytes and entries of one call: a large one would hold up everybody else. */
const callBytesMax = 1024 * 1024;
const callMemosMax = 200;
const memosPerRead = 200;
/** Forgotten of one owner before one looks again at who has used what the longest ago. */
const forgottenAtOnce = 100;

/** Remembered results: a hash for each family, and by owner an order of use and a sum. No verb needs its reply twice. */
export function redisMemos(connection: Connection): MemoStore {
  async function* families(pattern: string): AsyncGenerator<Buffer[]> {
    for await (const keys of scanKeys(connection, pattern))
      for (const key of keys)
        for await (const pairs of scanHash(connection, key))
          yield pairs.filter((_, i) => i % 2 === 1);
  }

  async function forget(owner: string, usedSinceMs: number | "+inf"): Promise<number> {
    return Number(await connection.call("memo_forget", owner, [usedSinceMs, forgottenAtOnce]));
  }

  async function forgetAged(owner: string, usedSinceMs: number): Promise<number> {
    let all = 0;
    for (let count = forgottenAtOnce; count === forgottenAtOnce; all += count)
      count = await forget(owner, usedSinceMs);
    return all;
  }

  async function standing(owner: string): Promise<Standing> {
    const [weight, oldest] = await Promise.all([
      connection.text("get", `${owner}:weight`),
      connection.text("zrange", `${owner}:used`, 0, 0, "WITHSCORES"),
    ]);
    return { weight: Number(weight ?? 0), oldestMs: Number((oldest as string[])[1] ?? Infinity) };
  }

  async function forgetOver(owners: readonly string[], bytesMax: number): Promise<number> {
    const all = new Map<string, Standing>();
    for (const owner of owners) all.set(owner, await standing(owner));
    let forgotten = 0;
    for (;;) {
      let weight = 0;
      let [oldest, oldestMs] = ["", Number.POSITIVE_INFINITY];
      for (const [owner, one] of all) {
        weight += one.weight;
        if (one.oldestMs < oldestMs) [oldest, oldestMs] = [owner, one.oldestMs];
      }
      if (weight <= bytesMax || oldest === "") return forgotten;
      forgotten += await forget(oldest, "+inf");
      all.set(oldest, await standing(oldest));
    }
  }

  return {
    async put(owner, family, memos, { nowMs, bytesMax }) {
      for (const slice of slicesOf(memos))
        await connection.call("memo_put", memoKey(owner), [
          owner,
          nowMs,
          bytesMax,
          family,
          ...slice.flatMap(memoArgs),
        ]);
    },
    async *read(owner, family) {
      for await (const pairs of scanHash(connection, memoFamilyKey(owner, family))) {
        const memos: Memo[] = [];
        for (let at = 0; at < pairs.length; at += 2)
          memos.push(unpackMemo(pairs[at]!.toString(), pairs[at + 1]!));
        if (memos.length > 0) yield memos;
      }
    },
    async used(owner, family, tasks, nowMs) {
      for (let at = 0; at < tasks.length; at += callMemosMax)
        await connection.call("memo_used", memoKey(owner), [
          nowMs,
          family,
          ...tasks.slice(at, at + callMemosMax),
        ]);
    },
    async trim({ usedSinceMs, bytesMax }) {
      const owners = new Set<string>();
      for await (const keys of scanKeys(connection, memoWeights))
        for (const key of keys) owners.add(memoKeyOf(key));
      let forgotten = 0;
      for (const owner of owners) forgotten += await forgetAged(owner, usedSinceMs);
      return forgotten + (await forgetOver([...owners], bytesMax));
    },
    async *blobs() {
      for await (const packed of families(memoFamilies)) {
        const large = packed.flatMap((kept) =>
          unpackMemo("", kept).outputs.filter((output) => !output.inline),
        );
        const digests: Digest[] = large.map(({ hash }) => hash);
        if (digests.length > 0) yield digests;
      }
    },
  };
}

interface Standing {
  weight: number;
  oldestMs: number;
}

function* slicesOf(memos: readonly Memo[]): Generator<Memo[]> {
  let slice: Memo[] = [];
  let bytes = 0;
  for (const memo of memos) {
    slice.push(memo);
    for (const { inline } of memo.outputs) bytes += inline?.byteLength ?? 0;
    if (slice.length < callMemosMax && bytes < callBytesMax) continue;
    yield slice;
    [slice, bytes] = [[], 0];
  }
  if (slice.length > 0) yield slice;
}

/** Fields and values of a hash in turn, in batches; those that are there all the time, perhaps more than once. */
async function* scanHash(connection: Connection, key: string): AsyncGenerator<Buffer[]> {
  let cursor = "0";
  do {
    const reply = await connection.bytes("hscan", key, cursor, "COUNT", memosPerRead);
    const [next, pairs] = reply as [Buffer, Buffer[]];
    if (pairs.length > 0) yield pairs;
    cursor = next.toString();
  } while (cursor !== "0");
}
