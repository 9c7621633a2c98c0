import { and, count, eq, inArray, isNull, sql, sum } from "drizzle-orm";
import type { QuotaName } from "../../protocol/quotas.ts";
import { apiKeys } from "../accounts/schema.ts";
import { datasets, functions, jobs, versions } from "../catalog/schema.ts";
import type { Drizzle } from "../database/open.ts";

/** How much an account has of each; every count goes along an index that begins with the owner. */
export function createUsage(
  database: Drizzle,
  runnersOf: (account: string) => number,
): Record<QuotaName, (account: string) => number> {
  const account = sql.placeholder("account");
  const ownFunctions = database
    .select({ used: count() })
    .from(functions)
    .where(and(eq(functions.owner, account), isNull(functions.deletedAtMs)))
    .prepare();
  const ownVersions = database
    .select({ used: count() })
    .from(functions)
    .innerJoin(versions, eq(versions.function, functions.id))
    .where(and(eq(functions.owner, account), isNull(functions.deletedAtMs)))
    .prepare();
  // Inline inputs go with their jobs, whose number is bounded.
  const ownDatasets = database
    .select({ used: count(), bytes: sum(datasets.bytes).mapWith(Number) })
    .from(datasets)
    .where(and(eq(datasets.owner, account), isNull(datasets.job)))
    .prepare();
  const ownJobs = database
    .select({ used: count() })
    .from(jobs)
    .where(and(eq(jobs.owner, account), inArray(jobs.status, ["queued", "running", "paused"])))
    .prepare();
  const ownKeys = database
    .select({ used: count() })
    .from(apiKeys)
    .where(eq(apiKeys.account, account))
    .prepare();
  return {
    functions: (account) => ownFunctions.get({ account })!.used,
    versions: (account) => ownVersions.get({ account })!.used,
    datasets: (account) => ownDatasets.get({ account })!.used,
    datasetBytes: (account) => ownDatasets.get({ account })!.bytes ?? 0,
    activeJobs: (account) => ownJobs.get({ account })!.used,
    keys: (account) => ownKeys.get({ account })!.used,
    runners: runnersOf,
  };
}
