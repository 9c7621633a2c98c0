import { and, eq, gt, lt, sql } from "drizzle-orm";
import type { Earner } from "../../protocol/earner.ts";
import type { Drizzle } from "../database/open.ts";
import { runnerEarnings } from "./schema.ts";

const quarterMs = 15 * 60_000;
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** Where all that was ever earned is kept, beside the quarters of an hour: no quarter of our time is the first. */
const totalQuarter = 0;
/** Quarters are kept for as long as days of them may be asked for, and some. */
const keptMs = 62 * dayMs;
/** What calls earned is written down so often. */
const flushEveryMs = 5_000;

export interface EarnedDays {
  /** Whether it ever earned anything. */
  known: boolean;
  totalMicro: number;
  /** Oldest first, today last. */
  days: { date: string; micro: number }[];
}

export interface RunnerEarningsOptions {
  database: Drizzle;
  transaction: <T>(work: () => T) => T;
  clock: () => number;
  log: { warn(fields: object, text: string): void };
}

/**
 * What each machine has earned, for its owner to see. The ledger pays accounts and is the truth; this adds up the same
 * payments by machine and quarter of an hour, since every time zone's midnight is one.
 */
export class RunnerEarnings {
  readonly #options: RunnerEarningsOptions;
  readonly #add;
  /** What calls earned since it was last written down. */
  readonly #waiting = new Map<string, { earner: Earner; micro: number }>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: RunnerEarningsOptions) {
    this.#options = options;
    const { placeholder } = sql;
    this.#add = options.database
      .insert(runnerEarnings)
      .values({
        account: placeholder("account"),
        runner: placeholder("runner"),
        quarter: placeholder("quarter"),
        micro: placeholder("micro"),
      })
      .onConflictDoUpdate({
        target: [runnerEarnings.account, runnerEarnings.runner, runnerEarnings.quarter],
        set: { micro: sql`${runnerEarnings.micro} + excluded.micro` },
      })
      .prepare();
    this.#timer = setInterval(() => this.#flushQuietly(), flushEveryMs);
    this.#timer.unref();
  }

  /** Within the transaction that pays it. */
  paid(earner: Earner, micro: number): void {
    if (micro <= 0) return;
    for (const quarter of [totalQuarter, Math.floor(this.#options.clock() / quarterMs)])
      this.#add.run({ ...earner, quarter, micro });
  }

  /** Calls are paid several times a second: their sums are written down together, later. */
  paidForCalls(earner: Earner, micro: number): void {
    if (micro <= 0) return;
    const key = `${earner.account} ${earner.runner}`;
    const sum = this.#waiting.get(key);
    if (sum) sum.micro += micro;
    else this.#waiting.set(key, { earner, micro });
  }

  /**
   * By the days of a clock that is so far ahead of UTC.
   * @param days how many, today included
   */
  read(
    { account, runner }: Earner,
    { days, offsetMinutes }: { days: number; offsetMinutes: number },
  ): EarnedDays {
    const { database, clock } = this.#options;
    const localMs = clock() + offsetMinutes * minuteMs;
    const today = Math.floor(localMs / dayMs);
    const sums = new Map<number, number>();
    for (let day = today - days + 1; day <= today; day++) sums.set(day, 0);
    const fromMs = (today - days + 1) * dayMs - offsetMinutes * minuteMs;
    const own = and(eq(runnerEarnings.account, account), eq(runnerEarnings.runner, runner));
    const total = database
      .select({ micro: runnerEarnings.micro })
      .from(runnerEarnings)
      .where(and(own, eq(runnerEarnings.quarter, totalQuarter)))
      .get();
    const rows = database
      .select({ quarter: runnerEarnings.quarter, micro: runnerEarnings.micro })
      .from(runnerEarnings)
      .where(and(own, gt(runnerEarnings.quarter, fromMs / quarterMs - 1)))
      .all();
    for (const { quarter, micro } of rows) {
      const day = Math.floor((quarter * quarterMs + offsetMinutes * minuteMs) / dayMs);
      if (sums.has(day)) sums.set(day, sums.get(day)! + micro);
    }
    const dateOf = (day: number) => new Date(day * dayMs).toISOString().slice(0, 10);
    return {
      known: total !== undefined,
      totalMicro: total?.micro ?? 0,
      days: [...sums].map(([day, micro]) => ({ date: dateOf(day), micro })),
    };
  }

  /** Forgets quarters that nobody may ask for any more. */
  trim(): void {
    const before = Math.floor((this.#options.clock() - keptMs) / quarterMs);
    this.#options.database
      .delete(runnerEarnings)
      .where(and(gt(runnerEarnings.quarter, totalQuarter), lt(runnerEarnings.quarter, before)))
      .run();
  }

  flush(): void {
    if (this.#waiting.size === 0) return;
    const sums = [...this.#waiting.values()];
    this.#options.transaction(() => {
      for (const { earner, micro } of sums) this.paid(earner, micro);
    });
    this.#waiting.clear();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#flushQuietly();
  }

  /** What could not be written down is tried again with what comes next. */
  #flushQuietly(): void {
    try {
      this.flush();
    } catch (error) {
      this.#options.log.warn({ err: error }, "what machines earned could not be written down");
    }
  }
}
