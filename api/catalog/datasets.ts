import { and, desc, eq, isNull, lt, sql } from "drizzle-orm";
import type { Drizzle } from "../database/open.ts";
import { datasets, jobDatasets, jobs } from "./schema.ts";

export type DatasetRow = typeof datasets.$inferSelect;

export interface Datasets {
  /** - created; - exists: a dataset with this id is there, nothing changed */
  insert(row: DatasetRow): "created" | "exists";
  find(id: string): DatasetRow | undefined;
  /** Newest first, before `cursor`; inline inputs of jobs are left out. */
  list(cursor: string | undefined, limit: number): DatasetRow[];
  /** Ids of datasets that are a job's inline input. */
  ofJob(job: string): string[];
  /** A job that has not ended and reads this dataset, if there is one. */
  readingJob(id: string): string | undefined;
  remove(id: string): void;
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
  const listed = database
    .select()
    .from(datasets)
    .where(and(lt(datasets.id, placeholder("cursor")), isNull(datasets.job)))
    .orderBy(desc(datasets.id))
    .limit(placeholder("limit"))
    .prepare();
  const inline = database
    .select({ id: datasets.id })
    .from(datasets)
    .where(eq(datasets.job, placeholder("job")))
    .prepare();
  const reading = database
    .select({ job: jobs.id })
    .from(jobDatasets)
    .innerJoin(jobs, eq(jobs.id, jobDatasets.job))
    .where(and(eq(jobDatasets.dataset, placeholder("id")), eq(jobs.ended, false)))
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
    list: (cursor, limit) => listed.all({ cursor: cursor ?? end, limit }),
    ofJob: (job) => inline.all({ job }).map((row) => row.id),
    readingJob: (id) => reading.get({ id })?.job,
    remove: (id) => void remove.run({ id }),
  };
}
