import { and, asc, count, desc, eq, inArray, isNull, lt, sql } from "drizzle-orm";
import type { ErrorBody } from "../../protocol/errors.ts";
import type { Job } from "../../protocol/http-jobs.ts";
import type { JobSpec, JobStatus } from "../../protocol/job.ts";
import type { Database } from "../database/open.ts";
import { jobDatasets, jobs } from "./schema.ts";
import type { EndedJob } from "./usage.ts";

export type JobRow = typeof jobs.$inferSelect;

export interface JobFilter {
  cursor?: string | undefined;
  limit: number;
  /** Absent: everyone's. */
  owner?: string | undefined;
  status?: JobStatus | undefined;
  /** A name, and whose functions are meant by it. */
  function?: { owners: readonly string[]; name: string } | undefined;
  /** Reads this dataset. */
  dataset?: string | undefined;
}

/** What the catalog notes of a job besides what runs. */
export interface JobNote {
  function: { owner: string; name: string };
  datasets: readonly string[];
  budget?: number | undefined;
}

export interface JobRows {
  /** - created; - exists: a job with this id is there, nothing changed */
  insert(spec: JobSpec, note: JobNote): "created" | "exists";
  find(id: string): JobRow | undefined;
  /** Newest first, before `cursor`. */
  list(filter: JobFilter): JobRow[];
  /** Ids of jobs that, as far as the catalog knows, have not ended. */
  active(limit: number): string[];
  countActive(): number;
  /** A job that has not ended and runs on this pool, if there is one. */
  onPool(pool: string): string | undefined;
  /** A job that was seen running. */
  started(id: string, status: JobStatus, startedAtMs: number | undefined): void;
  /** A job that was seen ended; `final` is its last view. */
  ended(id: string, final: Job, endedAtMs: number, error: ErrorBody | undefined): void;
  /** What a job has cost in the end. */
  charged(id: string, costMicro: number): void;
  /** Ended jobs whose result is still kept and that ended before a time, oldest first. */
  expired(beforeMs: number, limit: number): string[];
  /** The store has forgotten it. */
  gone(id: string): void;
  /** Forgets jobs whose results are gone, all but the newest `kept`. */
  trim(kept: number): void;
  /** Undoes an insert whose job was never stored. */
  remove(id: string): void;
}

const end = "~";

/** How jobs get on is the store's to say: of that only notes are here, which need no flush. */
export function createJobRows(
  { drizzle: database, unflushed }: Database,
  noteRun: (ended: EndedJob) => void,
): JobRows {
  const placeholder = sql.placeholder;
  const byId = eq(jobs.id, placeholder("id"));
  const findOne = database.select().from(jobs).where(byId).prepare();
  const activeIds = database
    .select({ id: jobs.id })
    .from(jobs)
    .where(eq(jobs.ended, false))
    .limit(placeholder("limit"))
    .prepare();
  const activeCount = database
    .select({ count: count() })
    .from(jobs)
    .where(eq(jobs.ended, false))
    .prepare();
  const expiredIds = database
    .select({ id: jobs.id })
    .from(jobs)
    .where(
      and(eq(jobs.ended, true), eq(jobs.gone, false), lt(jobs.endedAtMs, placeholder("before"))),
    )
    .orderBy(asc(jobs.endedAtMs))
    .limit(placeholder("limit"))
    .prepare();

  const setStarted = database
    .update(jobs)
    .set({ status: sql`${placeholder("status")}`, startedAtMs: sql`${placeholder("startedAtMs")}` })
    .where(and(byId, eq(jobs.ended, false)))
    .prepare();

  return {
    insert: (spec, { function: { owner: functionOwner, name }, datasets, budget }) =>
      database.transaction((tx) => {
        const row = {
          id: spec.id,
          owner: spec.owner,
          functionOwner,
          function: name,
          version: spec.version,
          kind: spec.kind,
          status: "queued" as const,
          ended: false,
          spec,
          budget: budget ?? null,
          createdAtMs: spec.createdAtMs,
        };
        const { changes } = tx.insert(jobs).values(row).onConflictDoNothing().run();
        for (const dataset of datasets)
          tx.insert(jobDatasets).values({ job: spec.id, dataset }).onConflictDoNothing().run();
        return changes > 0 ? "created" : "exists";
      }),
    find: (id) => findOne.get({ id }),
    list: ({ cursor, limit, owner, status, function: named, dataset }) =>
      database
        .select()
        .from(jobs)
        .where(
          and(
            lt(jobs.id, cursor ?? end),
            owner === undefined ? undefined : eq(jobs.owner, owner),
            status === undefined ? undefined : eq(jobs.status, status),
            named === undefined
              ? undefined
              : and(inArray(jobs.functionOwner, [...named.owners]), eq(jobs.function, named.name)),
            dataset === undefined
              ? undefined
              : inArray(
                  jobs.id,
                  database
                    .select({ id: jobDatasets.job })
                    .from(jobDatasets)
                    .where(eq(jobDatasets.dataset, dataset)),
                ),
          ),
        )
        .orderBy(desc(jobs.id))
        .limit(limit)
        .all(),
    active: (limit) => activeIds.all({ limit }).map((row) => row.id),
    countActive: () => activeCount.get()?.count ?? 0,
    onPool: (pool) =>
      database
        .select({ id: jobs.id })
        .from(jobs)
        .where(and(eq(jobs.ended, false), sql`json_extract(${jobs.spec}, '$.pool') = ${pool}`))
        .limit(1)
        .get()?.id,
    started: (id, status, startedAtMs) =>
      void unflushed(() => setStarted.run({ id, status, startedAtMs: startedAtMs ?? null })),
    ended: (id, final, endedAtMs, error) =>
      unflushed(() =>
        database.transaction((tx) => {
          const row = tx
            .update(jobs)
            .set({
              status: final.status,
              ended: true,
              final,
              endedAtMs,
              error: error ?? null,
              records: final.records,
              startedAtMs: final.startedAt ? Date.parse(final.startedAt) : null,
            })
            .where(and(eq(jobs.id, id), isNull(jobs.final)))
            .returning({
              owner: jobs.owner,
              functionOwner: jobs.functionOwner,
              function: jobs.function,
              status: jobs.status,
              error: jobs.error,
            })
            .get();
          if (row) noteRun(row);
        }),
      ),
    charged: (id, costMicro) =>
      void database.update(jobs).set({ costMicro }).where(eq(jobs.id, id)).run(),
    expired: (beforeMs, limit) => expiredIds.all({ before: beforeMs, limit }).map((row) => row.id),
    gone: (id) =>
      database.transaction((tx) => {
        tx.update(jobs).set({ gone: true }).where(eq(jobs.id, id)).run();
        tx.delete(jobDatasets).where(eq(jobDatasets.job, id)).run();
      }),
    trim: (kept) => {
      const last = database
        .select({ id: jobs.id })
        .from(jobs)
        .orderBy(desc(jobs.id))
        .limit(1)
        .offset(kept)
        .get();
      if (last)
        database
          .delete(jobs)
          .where(and(eq(jobs.gone, true), lt(jobs.id, last.id)))
          .run();
    },
    remove: (id) =>
      database.transaction((tx) => {
        tx.delete(jobs).where(eq(jobs.id, id)).run();
        tx.delete(jobDatasets).where(eq(jobDatasets.job, id)).run();
      }),
  };
}
