import { and, desc, eq, getTableColumns, isNull, lt, sql } from "drizzle-orm";
import type { Visibility } from "../../protocol/http-common.ts";
import type { DatasetFormat } from "../../protocol/manifest.ts";
import type { Drizzle } from "../database/open.ts";
import { datasets, jobDatasets, jobs } from "./schema.ts";

export type DatasetRow = typeof datasets.$inferSelect;

export interface Datasets {
  /** - created; - exists: a dataset with this id is there, nothing changed */
  insert(row: DatasetRow): "created" | "exists";
  find(id: string): DatasetRow | undefined;
  /** Newest first, before `cursor`; inline inputs of jobs are left out. */
  list(filter: DatasetFilter): DatasetRow[];
  /** Ids of datasets that are a job's inline input. */
  ofJob(job: string): string[];
  /** What a job reads, its inline input among it. */
  readBy(job: string): DatasetRow[];
  /** A job that has not ended and reads this dataset, if there is one; its owner's own first. */
  readingJob(id: string): Reading | undefined;
  setVisibility(id: string, visibility: Visibility): void;
  remove(id: string): void;
}

/** Whose datasets: one account's, or everyone's public ones, or (for the operator) all. */
export type DatasetFilter = {
  cursor: string | undefined;
  limit: number;
  /** A part of the name. */
  text?: string | undefined;
  format?: DatasetFormat | undefined;
} & (
  | { owner: string; visibility?: Visibility | undefined }
  | { visibility: "public" }
  | { all: true; visibility?: Visibility | undefined }
);

export interface Reading {
  job: string;
  owner: string;
}

/** Sorts after every id. */
const end = "~";

export function createDatasets(database: Drizzle): Datasets {
  const placeholder = sql.placeholder;
  const findOne = database
    .select()
    .from(datasets)
    .where(eq(datasets.id, placeholder("id")))
    .prepare();
  const inline = database
    .select({ id: datasets.id })
    .from(datasets)
    .where(eq(datasets.job, placeholder("job")))
    .prepare();
  const reading = database
    .select({ job: jobs.id, owner: jobs.owner })
    .from(jobDatasets)
    .innerJoin(jobs, eq(jobs.id, jobDatasets.job))
    .innerJoin(datasets, eq(datasets.id, jobDatasets.dataset))
    .where(and(eq(jobDatasets.dataset, placeholder("id")), eq(jobs.ended, false)))
    .orderBy(sql`${jobs.owner} <> ${datasets.owner}`)
    .limit(1)
    .prepare();
  const remove = database
    .delete(datasets)
    .where(eq(datasets.id, placeholder("id")))
    .prepare();
  return {
    insert: (row) =>
      database.insert(datasets).values(row).onConflictDoNothing().run().changes > 0
        ? "created"
        : "exists",
    find: (id) => findOne.get({ id }),
    list: ({ cursor, limit, visibility, text, format, ...whose }) =>
      database
        .select()
        .from(datasets)
        .where(
          and(
            lt(datasets.id, cursor ?? end),
            isNull(datasets.job),
            "owner" in whose ? eq(datasets.owner, whose.owner) : undefined,
            visibility === undefined ? undefined : eq(datasets.visibility, visibility),
            format === undefined ? undefined : eq(datasets.format, format),
            text === undefined
              ? undefined
              : sql`instr(lower(${datasets.name}), lower(${text})) > 0`,
          ),
        )
        .orderBy(desc(datasets.id))
        .limit(limit)
        .all(),
    ofJob: (job) => inline.all({ job }).map((row) => row.id),
    readBy: (job) =>
      database
        .select(getTableColumns(datasets))
        .from(jobDatasets)
        .innerJoin(datasets, eq(datasets.id, jobDatasets.dataset))
        .where(eq(jobDatasets.job, job))
        .all(),
    readingJob: (id) => reading.get({ id }),
    setVisibility: (id, visibility) =>
      void database.update(datasets).set({ visibility }).where(eq(datasets.id, id)).run(),
    remove: (id) => void remove.run({ id }),
  };
}
