import { and, desc, eq, gt, isNull, sql } from "drizzle-orm";
import { errorCodes } from "../../protocol/errors.ts";
import type { Drizzle } from "../database/open.ts";
import type { JobRow } from "./jobs.ts";
import { functions, functionUsers, jobs } from "./schema.ts";

/** The median is that of so many of the newest jobs. */
const jobsAsked = 101;

export type EndedJob = Pick<JobRow, "owner" | "functionOwner" | "function" | "status" | "error">;

/** How a function fares. Counted as jobs end, because the list of jobs forgets. */
export interface Usage {
  /** Counts a job that has just ended. */
  note(job: EndedJob): void;
  countUsers(id: number): number;
  /** Microcredits that the middle one of its newest jobs cost for a million records; undefined without any. */
  costPerMillionMicro(owner: string, name: string): number | undefined;
}

export function createUsage(database: Drizzle): Usage {
  const placeholder = sql.placeholder;
  const users = database
    .select({ count: sql<number>`count(*)` })
    .from(functionUsers)
    .where(eq(functionUsers.function, placeholder("id")))
    .prepare();
  const costs = database
    .select({ costMicro: jobs.costMicro, records: jobs.records })
    .from(jobs)
    .where(
      and(
        eq(jobs.functionOwner, placeholder("owner")),
        eq(jobs.function, placeholder("name")),
        eq(jobs.status, "succeeded"),
        gt(jobs.records, 0),
        // On its owner's own machines a job costs nothing, whatever it takes.
        gt(jobs.costMicro, 0),
      ),
    )
    .orderBy(desc(jobs.id))
    .limit(jobsAsked)
    .prepare();
  return {
    note(job) {
      if (!countsAsRun(job)) return;
      const succeeded = job.status === "succeeded" ? 1 : 0;
      const counted = database
        .update(functions)
        .set({
          runs: sql`${functions.runs} + 1`,
          succeeded: sql`${functions.succeeded} + ${succeeded}`,
        })
        .where(
          and(
            eq(functions.owner, job.functionOwner),
            eq(functions.name, job.function),
            isNull(functions.deletedAtMs),
          ),
        )
        .returning({ id: functions.id })
        .get();
      if (counted)
        database
          .insert(functionUsers)
          .values({ function: counted.id, account: job.owner })
          .onConflictDoNothing()
          .run();
    },
    countUsers: (id) => users.get({ id })?.count ?? 0,
    costPerMillionMicro(owner, name) {
      const sorted = costs
        .all({ owner, name })
        .map(({ costMicro, records }) => (costMicro / records!) * 1_000_000)
        .sort((a, b) => a - b);
      return sorted.length === 0 ? undefined : Math.round(sorted[sorted.length >> 1]!);
    },
  };
}

/** What a machine or the platform broke says nothing of the function, and neither does a job that was called off. */
function countsAsRun({ status, error }: EndedJob): boolean {
  if (status === "succeeded") return true;
  return status === "failed" && error !== null && errorCodes[error.code][1] === "function";
}
