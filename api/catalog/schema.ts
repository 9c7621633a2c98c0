import { sql } from "drizzle-orm";
import {
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import type { ErrorBody } from "../../protocol/errors.ts";
import type { Description } from "../../protocol/guest.ts";
import type { Visibility } from "../../protocol/http-common.ts";
import type { Job } from "../../protocol/http-jobs.ts";
import type { JobSpec, JobStatus, Kind } from "../../protocol/job.ts";
import type { DatasetFormat } from "../../protocol/manifest.ts";

/**
 * The catalog: what is published and uploaded, and which jobs there were. A running job's truth is the store's; this
 * keeps what a list shows and, once a job has ended, how it ended.
 */

/** A function belongs to an account; its public name is made of that account's handle, which may change. */
export const functions = sqliteTable(
  "functions",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    owner: text().notNull(),
    name: text().notNull(),
    visibility: text().$type<Visibility>().notNull(),
    /** Digest of the version that is run when none is named: the last released of those not deprecated. */
    latest: text().notNull(),
    /** Of the latest version, so that a list filters and sorts without reading versions. */
    kind: text().$type<Kind>().notNull(),
    latestRoyaltyBasisPoints: integer("latest_royalty_basis_points").notNull().default(0),
    tags: text({ mode: "json" }).$type<string[]>().notNull().default([]),
    /** What the next version asks: hundredths of a percent. */
    royaltyBasisPoints: integer("royalty_basis_points").notNull().default(0),
    /** The function and version that this one was begun from. */
    forkedFrom: integer("forked_from"),
    forkedVersion: text("forked_version"),
    /** Jobs that ended by the function's own doing, and those of them that succeeded. */
    runs: integer().notNull().default(0),
    succeeded: integer().notNull().default(0),
    publishedAtMs: integer("published_at_ms").notNull(),
    /** Its owner has deleted it. Jobs that were under way may still be at work on its versions, forks still name it. */
    deletedAtMs: integer("deleted_at_ms"),
  },
  (table) => [
    uniqueIndex("functions_owner_name")
      .on(table.owner, table.name)
      .where(sql`${table.deletedAtMs} IS NULL`),
    index("functions_deleted").on(table.deletedAtMs).where(sql`${table.deletedAtMs} IS NOT NULL`),
    index("functions_forked_from").on(table.forkedFrom),
    index("functions_visibility").on(table.visibility, table.name),
  ],
);

export const versions = sqliteTable(
  "versions",
  {
    function: integer().notNull(),
    digest: text().notNull(),
    description: text({ mode: "json" }).$type<Description>().notNull(),
    source: text().notNull(),
    files: text({ mode: "json" }).$type<Record<string, string>>().notNull(),
    readme: text(),
    sourceMap: text("source_map").notNull(),
    bundleBytes: integer("bundle_bytes").notNull(),
    /** Fixed when it is published. */
    royaltyBasisPoints: integer("royalty_basis_points").notNull().default(0),
    /** Why not to use it any more; it still runs. */
    deprecated: text(),
    /** Counts up with each publish of the function, so that what was published last does not depend on a clock. */
    release: integer().notNull(),
    publishedAtMs: integer("published_at_ms").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.function, table.digest] }),
    index("versions_digest").on(table.digest),
  ],
);

/** Who has run a function, once each. */
export const functionUsers = sqliteTable(
  "function_users",
  {
    function: integer().notNull(),
    account: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.function, table.account] })],
);

export const datasets = sqliteTable(
  "datasets",
  {
    id: text().primaryKey(),
    owner: text().notNull(),
    visibility: text().$type<Visibility>().notNull(),
    name: text().notNull(),
    format: text().$type<DatasetFormat>().notNull(),
    /** Digest of the manifest. */
    digest: text().notNull(),
    bytes: integer().notNull(),
    records: integer().notNull(),
    shards: integer().notNull(),
    skipped: integer().notNull(),
    /** The job whose inline input this is; such a dataset is not listed and goes with its job. */
    job: text(),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  (table) => [
    index("datasets_job").on(table.job),
    index("datasets_owner").on(table.owner, table.id),
    index("datasets_visibility").on(table.visibility, table.id),
  ],
);

/** One row: the catalog's own id, by which processes that share a store tell whether they share a catalog too. */
export const identity = sqliteTable("identity", { id: text().primaryKey() });

/** Who needs a blob: a dataset or a job by id. Large outputs of jobs are held by the store's own state of them. */
export const blobRefs = sqliteTable(
  "blob_refs",
  {
    holder: text().notNull(),
    digest: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.holder, table.digest] }),
    index("blob_refs_digest").on(table.digest),
  ],
);

export const jobs = sqliteTable(
  "jobs",
  {
    id: text().primaryKey(),
    owner: text().notNull(),
    /** Account and name of the function. */
    functionOwner: text("function_owner").notNull(),
    function: text().notNull(),
    version: text().notNull(),
    kind: text().$type<Kind>().notNull(),
    status: text().$type<JobStatus>().notNull(),
    ended: integer({ mode: "boolean" }).notNull(),
    spec: text({ mode: "json" }).$type<JobSpec>().notNull(),
    budget: integer(),
    /** Microcredits that the job cost. */
    costMicro: integer("cost_micro").notNull().default(0),
    /** Records of its input, known once it has ended. */
    records: integer(),
    error: text({ mode: "json" }).$type<ErrorBody>(),
    /** The last view of an ended job, which outlives its state in the store. */
    final: text({ mode: "json" }).$type<Job>(),
    /** True once the store has forgotten the job and its result. */
    gone: integer({ mode: "boolean" }).notNull().default(false),
    createdAtMs: integer("created_at_ms").notNull(),
    startedAtMs: integer("started_at_ms"),
    endedAtMs: integer("ended_at_ms"),
  },
  (table) => [
    index("jobs_ended").on(table.ended, table.endedAtMs),
    index("jobs_status").on(table.status, table.id),
    index("jobs_owner").on(table.owner, table.id),
    index("jobs_owner_status").on(table.owner, table.status, table.id),
    index("jobs_function").on(table.functionOwner, table.function, table.id),
  ],
);

/** Datasets that a job reads, as its input or as constants. */
export const jobDatasets = sqliteTable(
  "job_datasets",
  {
    job: text().notNull(),
    dataset: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.job, table.dataset] }),
    index("job_datasets_dataset").on(table.dataset),
  ],
);

/** Answers by Idempotency-Key. Without a status, the request was begun and its answer never written. */
export const idempotency = sqliteTable(
  "idempotency",
  {
    key: text().primaryKey(),
    /** SHA-256 of method, path, query and body. */
    request: text().notNull(),
    /** Time and randomness from which the request makes the ids of what it creates. */
    resource: text().notNull(),
    status: integer(),
    headers: text({ mode: "json" }).$type<Record<string, string>>(),
    body: text(),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  (table) => [index("idempotency_created").on(table.createdAtMs)],
);
