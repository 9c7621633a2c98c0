import type Database from "better-sqlite3";
import type { Digest } from "../../../protocol/digest.ts";
import { GridError } from "../../../protocol/errors.ts";
import type { NumberedEvent } from "../../../protocol/events.ts";
import type { Output } from "../../../protocol/job.ts";
import { eventsKeptMax } from "../../../protocol/limits.ts";
import type { StoreLog } from "../log.ts";
import { type ActiveJob, hasEnded } from "./active-job.ts";

/** The longest that an answered task may be on no disk. */
export const journalDelayMs = 100;
export const journalOpsMax = 2000;
export const journalBytesMax = 8 * 1024 * 1024;
const retryMs = 250;
/** A failing disk is logged at most so often. */
const warnEveryMs = 10_000;

interface StageBuffer {
  outputs: Output[];
  bytes: number;
  /** Runs of tasks that were answered, in order of the answers. */
  done: [lo: number, hi: number][];
}

interface JobBuffer {
  created: boolean;
  touched: boolean;
  stages: Map<number, StageBuffer>;
  drops: Set<number>;
  /** Whose counts changed. */
  earners: Set<string>;
  events: NumberedEvent[];
}

/**
 * The write-behind journal: changes are kept in memory and reach SQLite together, in one transaction, at the latest
 * after `journalDelayMs` or when there are many. Since a transaction takes everything there is, the disk always holds
 * a prefix of history, whatever moment the process dies at. What is put and dropped again between two flushes (the
 * outputs of an iterative stage) never reaches the disk.
 */
export class Journal {
  readonly #db: Database.Database;
  readonly #log: StoreLog;
  readonly #statements: ReturnType<typeof prepare>;
  #buffers = new Map<ActiveJob, JobBuffer>();
  #ops = 0;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Whether what was written has reached the disk itself, past the system's memory. */
  #synced = false;
  #failedAtMs: number | undefined;
  #warnedAtMs = 0;

  constructor(db: Database.Database, log: StoreLog) {
    this.#db = db;
    this.#log = log;
    this.#statements = prepare(db);
  }

  /**
   * To be called before a change is made: a full journal pushes back.
   * @throws GridError store-unavailable when the disk does not take it
   */
  admit(): void {
    if (this.#full()) this.flush();
  }

  created(job: ActiveJob): void {
    this.#buffer(job).created = true;
    this.#added(1, 0);
  }

  /** Takes back a job that could not be created. */
  forget(job: ActiveJob): void {
    this.#buffers.delete(job);
  }

  /** The job's facts changed; they are written as they are at the flush. */
  touched(job: ActiveJob): void {
    const buffer = this.#buffer(job);
    if (buffer.touched) return;
    buffer.touched = true;
    this.#added(1, 0);
  }

  answered(
    job: ActiveJob,
    stage: number,
    lo: number,
    hi: number,
    outputs: readonly Output[],
  ): void {
    const { stages } = this.#buffer(job);
    let buffer = stages.get(stage);
    if (!buffer) {
      buffer = { outputs: [], bytes: 0, done: [] };
      stages.set(stage, buffer);
    }
    const last = buffer.done.at(-1);
    let ops = outputs.length;
    if (last?.[1] === lo) last[1] = hi;
    else ops += buffer.done.push([lo, hi]) > 0 ? 1 : 0;
    let bytes = 0;
    for (const output of outputs) {
      buffer.outputs.push(output);
      bytes += output.inline?.byteLength ?? 0;
    }
    buffer.bytes += bytes;
    this.#added(ops, bytes);
  }

  /** The job's count of an earner changed; it is written as it is at the flush, with the outputs that it counts. */
  earned(job: ActiveJob, earner: string): void {
    const { earners } = this.#buffer(job);
    if (earners.has(earner)) return;
    earners.add(earner);
    this.#added(1, 0);
  }

  dropped(job: ActiveJob, stage: number): void {
    const buffer = this.#buffer(job);
    const unwritten = buffer.stages.get(stage);
    if (unwritten) {
      buffer.stages.delete(stage);
      this.#ops -= unwritten.outputs.length + unwritten.done.length;
      this.#bytes -= unwritten.bytes;
    }
    if (!job.stagesOnDisk.delete(stage)) return;
    buffer.drops.add(stage);
    this.#added(1, 0);
  }

  event(job: ActiveJob, events: readonly NumberedEvent[]): void {
    const buffer = this.#buffer(job);
    for (const event of events) buffer.events.push(event);
    this.#added(events.length, 0);
  }

  unwrittenOutputs(job: ActiveJob, stage: number): readonly Output[] {
    return this.#buffers.get(job)?.stages.get(stage)?.outputs ?? [];
  }

  /** Digests of unwritten large outputs of all jobs. */
  unwrittenLarge(): Digest[] {
    const digests = new Set<Digest>();
    for (const { stages } of this.#buffers.values())
      for (const { outputs } of stages.values())
        for (const { hash, inline } of outputs) if (!inline) digests.add(hash);
    return [...digests];
  }

  unwrittenEvents(job: ActiveJob): readonly NumberedEvent[] {
    return this.#buffers.get(job)?.events ?? [];
  }

  /**
   * Writes everything now, in one transaction.
   * @throws GridError store-unavailable; everything is kept and tried again
   */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#buffers.size > 0) this.#commit();
  }

  /**
   * Writes everything and waits until the disk itself has it, so that it outlives the machine too: what others act upon
   * for good, as payments are, must not be undone. Costs nothing when that is so already.
   * @throws GridError store-unavailable; everything is kept and tried again
   */
  sync(): void {
    if (this.#buffers.size === 0 && this.#synced) return;
    this.#db.pragma("synchronous = FULL");
    try {
      this.#commit();
      this.#synced = true;
    } finally {
      this.#db.pragma("synchronous = NORMAL");
    }
  }

  #commit(): void {
    const { begin, commit, rollback, countSync } = this.#statements;
    try {
      begin.run();
      if (this.#buffers.size === 0) countSync.run();
      for (const [job, buffer] of this.#buffers) this.#write(job, buffer);
      commit.run();
    } catch (cause) {
      if (this.#db.inTransaction) rollback.run();
      this.#schedule(retryMs);
      throw new GridError("store-unavailable", "The store's disk takes no writes", {}, { cause });
    }
    for (const [job, { stages }] of this.#buffers)
      for (const stage of stages.keys()) job.stagesOnDisk.add(stage);
    this.#buffers = new Map();
    this.#synced = false;
    this.#ops = 0;
    this.#bytes = 0;
    this.#failedAtMs = undefined;
  }

  close(): void {
    try {
      this.flush();
    } finally {
      clearTimeout(this.#timer);
    }
  }

  #full(): boolean {
    return this.#ops >= journalOpsMax || this.#bytes >= journalBytesMax;
  }

  #buffer(job: ActiveJob): JobBuffer {
    let buffer = this.#buffers.get(job);
    if (!buffer) {
      buffer = {
        created: false,
        touched: false,
        stages: new Map(),
        drops: new Set(),
        earners: new Set(),
        events: [],
      };
      this.#buffers.set(job, buffer);
    }
    return buffer;
  }

  #added(ops: number, bytes: number): void {
    this.#ops += ops;
    this.#bytes += bytes;
    if (this.#timer === undefined) this.#schedule(journalDelayMs);
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.tryFlush(), delayMs);
    this.#timer.unref();
  }

  /** Flushes when it can: a disk that fails is tried again, and pushes back through `admit` once the journal is full. */
  tryFlush(): void {
    try {
      this.flush();
    } catch (error) {
      const nowMs = performance.now();
      if (this.#failedAtMs === undefined || nowMs - this.#warnedAtMs > warnEveryMs) {
        this.#failedAtMs ??= nowMs;
        this.#warnedAtMs = nowMs;
        this.#log.error({ error }, "the store's journal could not be written; trying again");
      }
    }
  }

  /** To be called after a change: keeps the journal within its limits. */
  settle(): void {
    if (this.#full()) this.tryFlush();
  }

  #write(job: ActiveJob, buffer: JobBuffer): void {
    const s = this.#statements;
    const { facts, spec } = job;
    const ended = hasEnded(facts.status) ? 1 : 0;
    if (buffer.created)
      s.insertJob.run(job.job, spec.id, ended, JSON.stringify(spec), JSON.stringify(facts));
    else if (buffer.touched) s.updateJob.run(ended, JSON.stringify(facts), job.job);
    for (const earner of buffer.earners) {
      const { fuel, tasks } = job.earned.get(earner)!;
      s.setEarned.run(job.job, earner, fuel, tasks);
    }
    for (const stage of buffer.drops) s.addGarbage.run(job.job, stage);
    for (const [stage, { outputs, done }] of buffer.stages) {
      for (const [lo, hi] of done) s.insertDone.run(job.job, stage, lo, hi);
      for (const { level, index, hash, fuel, bytes, hostClass, inline } of outputs) {
        s.insertOutput.run(
          job.job,
          stage,
          level,
          index,
          hash,
          fuel,
          bytes,
          hostClass,
          inline ? toBuffer(inline) : null,
        );
      }
    }
    for (const { number, atMs, event } of buffer.events)
      s.insertEvent.run(job.job, number, atMs, JSON.stringify(event));
    const lastEvent = buffer.events.at(-1);
    if (lastEvent) s.trimEvents.run(job.job, lastEvent.number - eventsKeptMax);
  }
}

/** better-sqlite3 binds Buffers alone. */
function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function prepare(db: Database.Database) {
  return {
    begin: db.prepare("BEGIN IMMEDIATE"),
    commit: db.prepare("COMMIT"),
    rollback: db.prepare("ROLLBACK"),
    insertJob: db.prepare("INSERT INTO jobs (job, id, ended, spec, state) VALUES (?, ?, ?, ?, ?)"),
    updateJob: db.prepare("UPDATE jobs SET ended = ?, state = ? WHERE job = ?"),
    insertOutput: db.prepare(
      `INSERT OR REPLACE INTO outputs (job, stage, level, idx, hash, fuel, bytes, host_class, inline)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    insertDone: db.prepare("INSERT OR REPLACE INTO done (job, stage, lo, hi) VALUES (?, ?, ?, ?)"),
    insertEvent: db.prepare("INSERT INTO events (job, number, at_ms, event) VALUES (?, ?, ?, ?)"),
    trimEvents: db.prepare("DELETE FROM events WHERE job = ? AND number <= ?"),
    setEarned: db.prepare(
      "INSERT OR REPLACE INTO earned (job, earner, fuel, tasks) VALUES (?, ?, ?, ?)",
    ),
    countSync: db.prepare("UPDATE syncs SET count = count + 1"),
    addGarbage: db.prepare("INSERT OR IGNORE INTO garbage (job, stage) VALUES (?, ?)"),
  };
}
