import type Database from "better-sqlite3";
import type { StoreLog } from "../log.ts";

/** Rows deleted at a time: some 2 ms, so that dropping a million outputs never holds up a round. */
const rowsPerSlice = 500;
const sliceEveryMs = 20;
/** Dropped outputs may lie around so long; most are collected with many others. */
const idleMs = 500;
/** Stands for all of a job: its outputs, answered runs, events and what was earned. */
export const wholeJob = -1;

/** Deletes dropped stages and removed jobs in small slices. What is to go is on disk, so a restart continues it. */
export class Garbage {
  readonly #db: Database.Database;
  readonly #log: StoreLog;
  readonly #next: Database.Statement<[], { job: number; stage: number }>;
  readonly #forget: Database.Statement<[number, number]>;
  readonly #slices: readonly { whole: boolean; statement: Database.Statement }[];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(db: Database.Database, log: StoreLog) {
    this.#db = db;
    this.#log = log;
    this.#next = db.prepare("SELECT job, stage FROM garbage LIMIT 1");
    this.#forget = db.prepare("DELETE FROM garbage WHERE job = ? AND stage = ?");
    // Each deletes the first rows of a key range: up to the row that follows `rowsPerSlice` others, or all of them.
    this.#slices = [
      {
        whole: false,
        statement: db.prepare(sliceOf("outputs", "job = @job AND stage = @stage", "level, idx")),
      },
      {
        whole: false,
        statement: db.prepare(sliceOf("done", "job = @job AND stage = @stage", "lo")),
      },
      { whole: true, statement: db.prepare(sliceOf("outputs", "job = @job", "stage, level, idx")) },
      { whole: true, statement: db.prepare(sliceOf("done", "job = @job", "stage, lo")) },
      { whole: true, statement: db.prepare(sliceOf("events", "job = @job", "number")) },
      { whole: true, statement: db.prepare(sliceOf("earned", "job = @job", "earner")) },
    ];
    this.wake();
  }

  /** To be called when there may be garbage. */
  wake(delayMs: number = idleMs): void {
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#run();
    }, delayMs);
    this.#timer.unref();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #run(): void {
    try {
      if (this.#db.transaction(() => this.#slice()).immediate()) this.wake(sliceEveryMs);
    } catch (error) {
      this.#log.warn({ error }, "dropped outputs could not be deleted; trying again");
      this.wake(idleMs * 20);
    }
  }

  /** Returns whether there is more. */
  #slice(): boolean {
    for (let rows = 0; rows < rowsPerSlice; ) {
      const next = this.#next.get();
      if (!next) return false;
      let emptied = true;
      for (const { whole, statement } of this.#slices) {
        if (whole !== (next.stage === wholeJob)) continue;
        const { changes } = statement.run(whole ? { job: next.job } : next);
        rows += changes;
        if (changes >= rowsPerSlice) emptied = false;
      }
      if (emptied) this.#forget.run(next.job, next.stage);
    }
    return true;
  }
}

function sliceOf(table: string, where: string, key: string): string {
  return `DELETE FROM ${table} WHERE ${where} AND (${key}) IN
    (SELECT ${key} FROM ${table} WHERE ${where} ORDER BY ${key} LIMIT ${rowsPerSlice})`;
}
