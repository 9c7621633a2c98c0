import type Database from "better-sqlite3";
import type { Digest } from "../../../protocol/digest.ts";
import type { NumberedEvent } from "../../../protocol/events.ts";
import type { JobSpec, Output } from "../../../protocol/job.ts";
import type { Earning } from "../port.ts";
import type { JobFacts } from "./active-job.ts";

export interface StoredJob {
  job: number;
  ended: boolean;
  spec: JobSpec;
  facts: JobFacts;
}

interface JobRow {
  job: number;
  ended: number;
  spec: string;
  state: string;
}

interface OutputRow {
  level: number;
  idx: number;
  hash: string;
  fuel: number;
  bytes: number;
  host_class: string;
  inline: Buffer | null;
}

/** What the disk knows. The journal's unwritten changes are the business of the caller. */
export class Reader {
  readonly #byId;
  readonly #number;
  readonly #active;
  readonly #ids;
  readonly #lastJob;
  readonly #done;
  readonly #stages;
  readonly #outputs;
  readonly #outputsOfLevel;
  readonly #large;
  readonly #earned;
  readonly #events;
  readonly #lastEvent;

  constructor(db: Database.Database) {
    this.#byId = db.prepare<[string], JobRow>(
      "SELECT job, ended, spec, state FROM jobs WHERE id = ?",
    );
    this.#number = db.prepare<[string], { job: number }>("SELECT job FROM jobs WHERE id = ?");
    this.#active = db.prepare<[], JobRow>(
      "SELECT job, ended, spec, state FROM jobs WHERE ended = 0 ORDER BY job",
    );
    this.#ids = db.prepare<[number, number], { job: number; id: string }>(
      "SELECT job, id FROM jobs WHERE job > ? ORDER BY job LIMIT ?",
    );
    // Numbers of removed jobs are not used again while their rows are being deleted.
    this.#lastJob = db.prepare<[], { last: number }>(
      `SELECT max(coalesce((SELECT max(job) FROM jobs), 0), coalesce((SELECT max(job) FROM garbage), 0)) AS last`,
    );
    this.#done = db
      .prepare<[number, number], [number, number]>(
        "SELECT lo, hi FROM done WHERE job = ? AND stage = ? ORDER BY lo",
      )
      .raw();
    this.#stages = db.prepare<[number], { stage: number }>(
      "SELECT DISTINCT stage FROM done WHERE job = ?",
    );
    const columns = "level, idx, hash, fuel, bytes, host_class, inline";
    // With one level the primary key finds the slice; over a range of levels SQLite would read every row before it.
    this.#outputsOfLevel = db.prepare<[number, number, number, number, number], OutputRow>(
      `SELECT ${columns} FROM outputs
       WHERE job = ? AND stage = ? AND level = ? AND idx >= ? AND idx < ? ORDER BY idx`,
    );
    this.#outputs = db.prepare<[number, number, number, number], OutputRow>(
      `SELECT ${columns} FROM outputs
       WHERE job = ? AND stage = ? AND idx >= ? AND idx < ? ORDER BY level, idx`,
    );
    this.#large = db.prepare<[string, number], { hash: Digest }>(
      `SELECT DISTINCT hash FROM outputs INDEXED BY outputs_large
       WHERE inline IS NULL AND hash > ? ORDER BY hash LIMIT ?`,
    );
    this.#earned = db.prepare<[number], Earning>(
      "SELECT earner, fuel, tasks FROM earned WHERE job = ?",
    );
    this.#events = db.prepare<
      [number, number, number],
      { number: number; at_ms: number; event: string }
    >(
      "SELECT number, at_ms, event FROM events WHERE job = ? AND number > ? ORDER BY number LIMIT ?",
    );
    this.#lastEvent = db.prepare<[number, number], { last: number }>(
      `SELECT max(
         coalesce((SELECT max(number) FROM events WHERE job = ?), 0),
         coalesce((SELECT event_base FROM jobs WHERE job = ?), 0)
       ) AS last`,
    );
  }

  job(id: string): StoredJob | undefined {
    const row = this.#byId.get(id);
    return row && storedJob(row);
  }

  jobNumber(id: string): number | undefined {
    return this.#number.get(id)?.job;
  }

  activeJobs(): StoredJob[] {
    return this.#active.all().map(storedJob);
  }

  /** Jobs after one, by their numbers. */
  jobs(after: number, limit: number): { job: number; id: string }[] {
    return this.#ids.all(after, limit);
  }

  lastJob(): number {
    return this.#lastJob.get()!.last;
  }

  /** Answered runs of a stage, in order. */
  done(job: number, stage: number): [lo: number, hi: number][] {
    return this.#done.all(job, stage);
  }

  stages(job: number): number[] {
    return this.#stages.all(job).map(({ stage }) => stage);
  }

  outputs(
    job: number,
    stage: number,
    level: number | undefined,
    from: number,
    to: number,
  ): Output[] {
    const rows =
      level === undefined
        ? this.#outputs.all(job, stage, from, to)
        : this.#outputsOfLevel.all(job, stage, level, from, to);
    return rows.map((row) => ({
      level: row.level,
      index: row.idx,
      hash: row.hash,
      fuel: row.fuel,
      bytes: row.bytes,
      hostClass: row.host_class,
      ...(row.inline && { inline: row.inline }),
    }));
  }

  /** Digests of large outputs of all jobs after one, in their order. */
  large(after: Digest | "", limit: number): Digest[] {
    return this.#large.all(after, limit).map(({ hash }) => hash);
  }

  earned(job: number): Earning[] {
    return this.#earned.all(job);
  }

  events(job: number, after: number, limit: number): NumberedEvent[] {
    return this.#events.all(job, after, limit).map(({ number, at_ms, event }) => ({
      number,
      atMs: at_ms,
      event: JSON.parse(event) as NumberedEvent["event"],
    }));
  }

  /** No event of the job after this number was given out, but for what a crash lost (see resume.ts). */
  lastEvent(job: number): number {
    return this.#lastEvent.get(job, job)!.last;
  }
}

function storedJob({ job, ended, spec, state }: JobRow): StoredJob {
  return {
    job,
    ended: ended === 1,
    spec: JSON.parse(spec) as JobSpec,
    facts: JSON.parse(state) as JobFacts,
  };
}
