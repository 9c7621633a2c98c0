import type Database from "better-sqlite3";
import type { Digest } from "../../../protocol/digest.ts";
import { GridError } from "../../../protocol/errors.ts";
import type { Output } from "../../../protocol/job.ts";
import { type Memo, type MemoStore, weightOf } from "../memo-port.ts";

const memosPerRead = 500;
const blobsPerRead = 1000;
/** Forgotten in one transaction: some 2 ms. */
const memosPerSlice = 200;
/** Forgotten before one looks again whether there are still too many. */
const memosOverSlice = 20;

interface MemoRow {
  memo: number;
  task: string;
  by: string;
}

interface OutputRow {
  level: number;
  hash: Digest;
  fuel: number;
  bytes: number;
  host_class: string;
  inline: Buffer | null;
}

/** Remembered results in the store's own database. Each verb is a transaction of its own, apart from the journal. */
export function embeddedMemos(db: Database.Database): MemoStore {
  const s = prepare(db);

  function forget(rows: readonly { memo: number }[]): void {
    for (const { memo } of rows) s.remove.run(memo);
  }

  function replace(owner: string, family: Digest, memo: Memo, nowMs: number): void {
    const before = s.find.get(owner, family, memo.task);
    if (before?.by === owner && memo.by !== owner) return;
    if (before) forget([before]);
    const { lastInsertRowid } = s.insert.run(
      owner,
      family,
      memo.task,
      memo.by,
      weightOf(memo),
      nowMs,
    );
    for (const { level, hash, fuel, bytes, hostClass, inline } of memo.outputs)
      s.insertOutput.run(lastInsertRowid, level, hash, fuel, bytes, hostClass, inline ?? null);
  }

  const put = db.transaction(
    (owner: string, family: Digest, memos: readonly Memo[], nowMs: number, bytesMax: number) => {
      for (const memo of memos) replace(owner, family, memo, nowMs);
      while ((s.weightOfOwner.get(owner)?.weight ?? 0) > bytesMax)
        forget(s.oldestOfOwner.all(owner, 1));
    },
  );
  const used = db.transaction(
    (owner: string, family: Digest, tasks: readonly string[], nowMs: number) => {
      for (const task of tasks) s.use.run(nowMs, owner, family, task);
    },
  );
  const forgetSlice = db.transaction((rows: readonly { memo: number }[]) => forget(rows));

  /** Returns how many went. */
  async function forgetAll(next: () => { memo: number }[]): Promise<number> {
    let count = 0;
    for (let rows = next(); rows.length > 0; rows = next()) {
      forgetSlice.immediate(rows);
      count += rows.length;
      await new Promise(setImmediate);
    }
    return count;
  }

  function* batches(owner: string, family: Digest): Generator<Memo[]> {
    for (let after = ""; ; ) {
      const rows = s.family.all(owner, family, after, memosPerRead);
      if (rows.length > 0)
        yield rows.map(({ memo, task, by }) => ({
          task,
          by,
          outputs: s.outputs.all(memo).map(outputOf),
        }));
      if (rows.length < memosPerRead) return;
      after = rows.at(-1)!.task;
    }
  }

  return {
    put: guarded(async (owner, family, memos, { nowMs, bytesMax }) =>
      put.immediate(owner, family, memos, nowMs, bytesMax),
    ),
    async *read(owner, family) {
      yield* batches(owner, family);
    },
    used: guarded(async (owner, family, tasks, nowMs) =>
      used.immediate(owner, family, tasks, nowMs),
    ),
    trim: guarded(async ({ usedSinceMs, bytesMax }) => {
      const aged = await forgetAll(() => s.unusedSince.all(usedSinceMs, memosPerSlice));
      const over = await forgetAll(() =>
        s.weightOfAll.get()!.weight > bytesMax ? s.oldest.all(memosOverSlice) : [],
      );
      return aged + over;
    }),
    async *blobs() {
      for (let after: Digest | "" = ""; ; ) {
        const digests: Digest[] = s.blobs.all(after, blobsPerRead).map(({ hash }) => hash);
        if (digests.length > 0) yield digests;
        if (digests.length < blobsPerRead) return;
        after = digests.at(-1)!;
      }
    },
  };
}

/** @throws GridError store-unavailable instead of what the database throws */
function guarded<Args extends unknown[], Result>(
  verb: (...args: Args) => Promise<Result>,
): (...args: Args) => Promise<Result> {
  return async (...args) => {
    try {
      return await verb(...args);
    } catch (cause) {
      throw new GridError("store-unavailable", "The store's disk takes no writes", {}, { cause });
    }
  };
}

function outputOf({ level, hash, fuel, bytes, host_class, inline }: OutputRow): Output {
  const output = { level, index: 0, hash, fuel, bytes, hostClass: host_class };
  return inline ? { ...output, inline } : output;
}

function prepare(db: Database.Database) {
  return {
    find: db.prepare<[string, Digest, string], { memo: number; by: string }>(
      "SELECT memo, by FROM memos WHERE owner = ? AND family = ? AND task = ?",
    ),
    insert: db.prepare(
      "INSERT INTO memos (owner, family, task, by, weight, used_ms) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    insertOutput: db.prepare(
      `INSERT INTO memo_outputs (memo, level, hash, fuel, bytes, host_class, inline)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    remove: db.prepare("DELETE FROM memos WHERE memo = ?"),
    use: db.prepare("UPDATE memos SET used_ms = ? WHERE owner = ? AND family = ? AND task = ?"),
    family: db.prepare<[string, Digest, string, number], MemoRow>(
      `SELECT memo, task, by FROM memos WHERE owner = ? AND family = ? AND task > ?
       ORDER BY task LIMIT ?`,
    ),
    outputs: db.prepare<[number], OutputRow>(
      "SELECT level, hash, fuel, bytes, host_class, inline FROM memo_outputs WHERE memo = ? ORDER BY level",
    ),
    weightOfOwner: db.prepare<[string], { weight: number }>(
      "SELECT weight FROM memo_weights WHERE owner = ?",
    ),
    weightOfAll: db.prepare<[], { weight: number }>(
      "SELECT coalesce(sum(weight), 0) AS weight FROM memo_weights",
    ),
    oldestOfOwner: db.prepare<[string, number], { memo: number }>(
      "SELECT memo FROM memos WHERE owner = ? ORDER BY used_ms, memo LIMIT ?",
    ),
    oldest: db.prepare<[number], { memo: number }>(
      "SELECT memo FROM memos ORDER BY used_ms, memo LIMIT ?",
    ),
    unusedSince: db.prepare<[number, number], { memo: number }>(
      "SELECT memo FROM memos WHERE used_ms < ? ORDER BY used_ms, memo LIMIT ?",
    ),
    blobs: db.prepare<[string, number], { hash: Digest }>(
      `SELECT DISTINCT hash FROM memo_outputs INDEXED BY memo_outputs_large
       WHERE inline IS NULL AND hash > ? ORDER BY hash LIMIT ?`,
    ),
  };
}
