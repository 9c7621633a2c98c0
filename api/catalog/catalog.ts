import { randomUUID } from "node:crypto";
import type { Database, Drizzle } from "../database/open.ts";
import { type BlobRefs, createBlobRefs } from "./blob-refs.ts";
import { createDatasets, type Datasets } from "./datasets.ts";
import { createFunctions, type Functions } from "./functions.ts";
import { createIdempotency, type Idempotency } from "./idempotency.ts";
import { createJobRows, type JobRows } from "./jobs.ts";
import { identity } from "./schema.ts";
import { createUsage, type Usage } from "./usage.ts";

export interface Catalog {
  /** Made with the catalog. */
  id: string;
  functions: Functions;
  datasets: Datasets;
  blobRefs: BlobRefs;
  jobs: JobRows;
  usage: Usage;
  idempotency: Idempotency;
  /** All or nothing. */
  transaction<T>(work: () => T): T;
}

export function createCatalog(database: Database): Catalog {
  const { drizzle, transaction } = database;
  const usage = createUsage(drizzle);
  return {
    id: identityOf(drizzle),
    functions: createFunctions(drizzle),
    datasets: createDatasets(drizzle),
    blobRefs: createBlobRefs(drizzle),
    jobs: createJobRows(database, usage.note),
    usage,
    idempotency: createIdempotency(database),
    transaction,
  };
}

function identityOf(database: Drizzle): string {
  return database.transaction((tx) => {
    const known = tx.select().from(identity).get();
    if (known) return known.id;
    const id = randomUUID();
    tx.insert(identity).values({ id }).run();
    return id;
  });
}
