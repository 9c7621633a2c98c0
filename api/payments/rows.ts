import { and, asc, eq, gt, isNull, sql } from "drizzle-orm";
import type { Drizzle } from "../database/open.ts";
import type { Payment } from "./due.ts";
import { jobPayments, jobSettled } from "./schema.ts";
import type { Terms } from "./split.ts";

export type PaymentRow = typeof jobPayments.$inferSelect;
export type SettledRow = typeof jobSettled.$inferSelect;

export interface NewPayment extends Terms {
  job: string;
  owner: string;
  author: string;
  function: string;
  budgetMicro: number;
  createdAtMs: number;
}

/** What a pass over a job found. */
export interface PaymentState {
  owedMicro: number;
  pausedFor: string | null;
}

export interface PaymentRows {
  find(job: string): PaymentRow | undefined;
  /** Opens a job's hold, or opens it again after it was closed unused. */
  open(payment: NewPayment): PaymentRow;
  /** Adds to what was put into the hold. */
  held(job: string, micro: number): void;
  /** Whether work of a job may still be paid. */
  isOpen(job: string): boolean;
  settled(job: string): SettledRow[];
  /** Adds payments to what each earner, and the job, has been paid. */
  paid(job: string, payments: readonly Payment[], before: ReadonlyMap<string, number>): void;
  setState(job: string, state: PaymentState): void;
  close(job: string, releasedMicro: number, closedAtMs: number): void;
  /** Jobs whose payment is open, in order of their ids, after `cursor`. */
  openJobs(cursor: string, limit: number): string[];
  /**
   * Forgets payments that were closed before a time, of jobs that the catalog has forgotten; the ledger keeps the
   * transfers. Returns how many.
   */
  trim(beforeMs: number): number;
}

export function createPaymentRows(database: Drizzle): PaymentRows {
  const { placeholder } = sql;
  const byJob = eq(jobPayments.job, placeholder("job"));
  const findOne = database.select().from(jobPayments).where(byJob).prepare();
  const settledOf = database
    .select()
    .from(jobSettled)
    .where(eq(jobSettled.job, placeholder("job")))
    .prepare();
  const open = database
    .select({ job: jobPayments.job })
    .from(jobPayments)
    .where(and(isNull(jobPayments.closedAtMs), gt(jobPayments.job, placeholder("cursor"))))
    .orderBy(asc(jobPayments.job))
    .limit(placeholder("limit"))
    .prepare();
  const addToEarner = database
    .insert(jobSettled)
    .values({
      job: placeholder("job"),
      earner: placeholder("earner"),
      fuel: placeholder("fuel"),
      workMicro: placeholder("workMicro"),
      royaltyMicro: placeholder("royaltyMicro"),
      feeMicro: placeholder("feeMicro"),
    })
    .onConflictDoUpdate({
      target: [jobSettled.job, jobSettled.earner],
      set: {
        fuel: sql`excluded.fuel`,
        workMicro: sql`${jobSettled.workMicro} + excluded.work_micro`,
        royaltyMicro: sql`${jobSettled.royaltyMicro} + excluded.royalty_micro`,
        feeMicro: sql`${jobSettled.feeMicro} + excluded.fee_micro`,
      },
    })
    .prepare();
  const addToJob = database
    .update(jobPayments)
    .set({
      fuel: sql`${jobPayments.fuel} + ${placeholder("fuel")}`,
      workMicro: sql`${jobPayments.workMicro} + ${placeholder("workMicro")}`,
      royaltyMicro: sql`${jobPayments.royaltyMicro} + ${placeholder("royaltyMicro")}`,
      feeMicro: sql`${jobPayments.feeMicro} + ${placeholder("feeMicro")}`,
    })
    .where(byJob)
    .prepare();

  return {
    find: (job) => findOne.get({ job }),
    open: ({ budgetMicro, ...payment }) => {
      const values = { ...payment, heldMicro: budgetMicro, opened: 1 };
      return database
        .insert(jobPayments)
        .values(values)
        .onConflictDoUpdate({
          target: jobPayments.job,
          set: {
            ...values,
            opened: sql`${jobPayments.opened} + 1`,
            releasedMicro: 0,
            pausedFor: null,
            closedAtMs: null,
          },
        })
        .returning()
        .get();
    },
    held: (job, micro) =>
      void database
        .update(jobPayments)
        .set({ heldMicro: sql`${jobPayments.heldMicro} + ${micro}` })
        .where(eq(jobPayments.job, job))
        .run(),
    isOpen: (job) => findOne.get({ job })?.closedAtMs === null,
    settled: (job) => settledOf.all({ job }),
    paid(job, payments, before) {
      for (const payment of payments) {
        addToEarner.run({ job, ...payment });
        addToJob.run({
          job,
          ...payment,
          fuel: payment.fuel - (before.get(payment.earner) ?? 0),
        });
      }
    },
    setState: (job, state) =>
      void database.update(jobPayments).set(state).where(eq(jobPayments.job, job)).run(),
    close: (job, releasedMicro, closedAtMs) =>
      void database
        .update(jobPayments)
        .set({ releasedMicro, closedAtMs, pausedFor: null })
        .where(eq(jobPayments.job, job))
        .run(),
    openJobs: (cursor, limit) => open.all({ cursor, limit }).map((row) => row.job),
    trim: (beforeMs) =>
      database.transaction((tx) => {
        const forgotten = sql`SELECT job FROM job_payments WHERE closed_at_ms < ${beforeMs}
          AND job NOT IN (SELECT id FROM jobs)`;
        tx.run(sql`DELETE FROM job_settled WHERE job IN (${forgotten})`);
        return tx.run(sql`DELETE FROM job_payments WHERE job IN (${forgotten})`).changes;
      }),
  };
}
