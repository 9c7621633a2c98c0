import { and, eq, exists, isNotNull, not, sql } from "drizzle-orm";
import type { Drizzle } from "../database/open.ts";
import { forgetForSearch } from "./function-search.ts";
import { blobRefs, functions, functionUsers, jobs, versions } from "./schema.ts";

export interface FunctionRemoval {
  /** Nobody finds it any more, and its name is free. What it was stays until `purge`. - removed; - gone: it was before */
  remove(id: number, nowMs: number): "removed" | "gone";
  /**
   * Forgets the versions and bundles of removed functions on which no job is at work any more, and of those that no fork
   * names the functions too. At most `limit` at once.
   */
  purge(limit: number): void;
}

/** Who holds the bundles of a function. */
export function bundlesHolder({ owner, name }: { owner: string; name: string }): string {
  return `function ${owner}/${name}`;
}

export function createFunctionRemoval(database: Drizzle): FunctionRemoval {
  const working = database
    .select({ id: jobs.id })
    .from(jobs)
    .where(
      and(
        eq(jobs.functionOwner, functions.owner),
        eq(jobs.function, functions.name),
        eq(jobs.ended, false),
      ),
    );
  const versioned = database
    .select({ function: versions.function })
    .from(versions)
    .where(eq(versions.function, functions.id));
  const idle = database
    .select({ id: functions.id, owner: functions.owner, name: functions.name })
    .from(functions)
    .where(and(isNotNull(functions.deletedAtMs), exists(versioned), not(exists(working))))
    .limit(sql.placeholder("limit"))
    .prepare();
  const forks = database
    .select({ id: functions.id })
    .from(functions)
    .where(eq(functions.forkedFrom, sql.placeholder("id")))
    .limit(1)
    .prepare();

  function letGo(one: { id: number; owner: string; name: string }): void {
    const { id } = one;
    // A function that has the name now may have the same bundle.
    database.run(sql`DELETE FROM ${blobRefs} WHERE ${blobRefs.holder} = ${bundlesHolder(one)}
      AND ${blobRefs.digest} NOT IN (
        SELECT ${versions.digest} FROM ${versions} JOIN ${functions} ON ${functions.id} = ${versions.function}
        WHERE ${functions.owner} = ${one.owner} AND ${functions.name} = ${one.name} AND ${functions.id} <> ${id})`);
    database.delete(versions).where(eq(versions.function, id)).run();
    database.delete(functionUsers).where(eq(functionUsers.function, id)).run();
    if (!forks.get({ id })) database.delete(functions).where(eq(functions.id, id)).run();
  }

  return {
    remove: (id, nowMs) =>
      database.transaction(() => {
        const { changes } = database
          .update(functions)
          .set({ deletedAtMs: nowMs })
          .where(and(eq(functions.id, id), sql`${functions.deletedAtMs} IS NULL`))
          .run();
        forgetForSearch(database, id);
        return changes > 0 ? "removed" : "gone";
      }),
    purge: (limit) =>
      database.transaction(() => {
        for (const one of idle.all({ limit })) letGo(one);
      }),
  };
}
