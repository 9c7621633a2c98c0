import { and, desc, eq, lt, sql } from "drizzle-orm";
import type { Drizzle } from "../database/open.ts";
import type { RunnerInfo } from "../ports.ts";
import { machineRecords } from "./schema.ts";

const writeEveryMs = 5_000;
/** That a machine is still here is noted so often. */
const seenEveryMs = 60_000;
/** A machine that was away for so long is forgotten. */
const keptMs = 180 * 24 * 3_600_000;
/** Machines name themselves: of each account the newest so many are kept. */
const keptPerAccountMax = 1_000;

/** What a machine made of the work that it took. */
export interface Tally {
  tasksDone: number;
  /** Taken and never answered, since its connection broke. */
  tasksLost: number;
  /** Failures that were the machine's own, and messages that were not what was asked for. */
  faults: number;
}

export type MachineRecord = typeof machineRecords.$inferSelect;

export interface MachineRecordsOptions {
  database: Drizzle;
  /** Of a database that may lose the last of these notes in a power cut. */
  unflushed: <T>(work: () => T) => T;
  /** Runners that are connected now. */
  connected: () => readonly RunnerInfo[];
  clock: () => number;
  log: { warn(fields: object, text: string): void };
}

const tallies = ["tasksDone", "tasksLost", "faults"] as const;
const nothing: Tally = { tasksDone: 0, tasksLost: 0, faults: 0 };

/**
 * The machines of each account, here or away, and how well they kept to what they took. A connection counts by itself;
 * what it counted since the last time is added to its machine's row every few seconds, and when it ends.
 */
export class MachineRecords {
  readonly #options: MachineRecordsOptions;
  readonly #add;
  readonly #find;
  /** What is in the row already, by connection. */
  readonly #written = new Map<string, Tally & { atMs: number }>();
  /** Connections that ended since the last time. */
  #left: RunnerInfo[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(options: MachineRecordsOptions) {
    this.#options = options;
    const { placeholder } = sql;
    const table = machineRecords;
    const newest = { name: placeholder("name"), version: placeholder("version") };
    this.#add = options.database
      .insert(table)
      .values({
        account: placeholder("account"),
        runner: placeholder("runner"),
        ...newest,
        platform: placeholder("platform"),
        firstSeenAtMs: placeholder("nowMs"),
        lastSeenAtMs: placeholder("nowMs"),
        tasksDone: placeholder("tasksDone"),
        tasksLost: placeholder("tasksLost"),
        faults: placeholder("faults"),
      })
      .onConflictDoUpdate({
        target: [table.account, table.runner],
        set: {
          name: sql`excluded.name`,
          version: sql`excluded.version`,
          platform: sql`excluded.platform`,
          lastSeenAtMs: sql`excluded.last_seen_at_ms`,
          tasksDone: sql`${table.tasksDone} + excluded.tasks_done`,
          tasksLost: sql`${table.tasksLost} + excluded.tasks_lost`,
          faults: sql`${table.faults} + excluded.faults`,
        },
      })
      .prepare();
    this.#find = options.database
      .select()
      .from(table)
      .where(
        and(eq(table.account, placeholder("account")), eq(table.runner, placeholder("runner"))),
      )
      .prepare();
    this.#timer = setInterval(() => this.#writeQuietly(), writeEveryMs);
    this.#timer.unref();
  }

  /** A connection ended: this is what it came to. */
  left(info: RunnerInfo): void {
    this.#left.push(info);
  }

  /** Of a machine that is connected, with all that it has done until now. */
  of(info: RunnerInfo): Tally & { firstSeenAtMs: number } {
    const { owner: account, id: runner } = info;
    const row = this.#find.get({ account, runner });
    const written = this.#written.get(info.session) ?? nothing;
    const sum = (name: keyof Tally) => (row?.[name] ?? 0) + info[name] - written[name];
    return {
      firstSeenAtMs: row?.firstSeenAtMs ?? Math.floor(info.connectedAtMs),
      tasksDone: sum("tasksDone"),
      tasksLost: sum("tasksLost"),
      faults: sum("faults"),
    };
  }

  /** Those of an account that are not connected, the last seen first. */
  away(account: string, limit: number): MachineRecord[] {
    this.write();
    const here = new Set(this.#here(account));
    return this.#options.database
      .select()
      .from(machineRecords)
      .where(eq(machineRecords.account, account))
      .orderBy(desc(machineRecords.lastSeenAtMs))
      .limit(limit + here.size)
      .all()
      .filter(({ runner }) => !here.has(runner))
      .slice(0, limit);
  }

  isHere(account: string, runner: string): boolean {
    return this.#here(account).includes(runner);
  }

  /** False when there is no such machine. One that connects again begins anew. */
  forget(account: string, runner: string): boolean {
    this.write();
    const own = and(eq(machineRecords.account, account), eq(machineRecords.runner, runner));
    return this.#options.database.delete(machineRecords).where(own).run().changes > 0;
  }

  /** Adds what connections counted since the last time. */
  write(): void {
    const left = this.#left;
    const nowMs = Math.floor(this.#options.clock());
    const news = this.#options.connected().filter((info) => this.#hasNews(info, nowMs));
    if (left.length + news.length === 0) return;
    this.#options.unflushed(() =>
      this.#options.database.transaction(() => {
        for (const info of [...left, ...news]) this.#write(info, nowMs);
      }),
    );
    this.#left = [];
    for (const { session } of left) this.#written.delete(session);
    for (const { session, tasksDone, tasksLost, faults } of news)
      this.#written.set(session, { tasksDone, tasksLost, faults, atMs: nowMs });
  }

  /** Forgets what was away for very long. */
  trim(): void {
    const { database, clock } = this.#options;
    database
      .delete(machineRecords)
      .where(lt(machineRecords.lastSeenAtMs, clock() - keptMs))
      .run();
    const rank = sql`row_number() over (partition by account order by last_seen_at_ms desc)`;
    database.run(sql`
      delete from machine_records where rowid in (
        select id from (select rowid as id, ${rank} as rank from machine_records)
        where rank > ${keptPerAccountMax})`);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#writeQuietly();
  }

  #hasNews(info: RunnerInfo, nowMs: number): boolean {
    const written = this.#written.get(info.session);
    if (!written || nowMs - written.atMs >= seenEveryMs) return true;
    return tallies.some((each) => info[each] !== written[each]);
  }

  #write(info: RunnerInfo, nowMs: number): void {
    const written = this.#written.get(info.session) ?? nothing;
    const { owner: account, id: runner, name, version, platform } = info;
    const [tasksDone, tasksLost, faults] = tallies.map((each) => info[each] - written[each]);
    this.#add.run({
      ...{ account, runner, name, version, platform, nowMs },
      ...{ tasksDone, tasksLost, faults },
    });
  }

  #here(account: string): string[] {
    const own = this.#options.connected().filter(({ owner }) => owner === account);
    return own.map(({ id }) => id);
  }

  /** What could not be written is tried again with what comes next. */
  #writeQuietly(): void {
    try {
      this.write();
    } catch (error) {
      this.#options.log.warn({ err: error }, "what machines did could not be written down");
    }
  }
}
