import { and, asc, count, desc, eq, gt, like, sql } from "drizzle-orm";
import type { Drizzle } from "../database/open.ts";
import { functions, versions } from "./schema.ts";

export type FunctionRow = typeof functions.$inferSelect;
export type VersionRow = typeof versions.$inferSelect;
export type VersionStamp = Pick<VersionRow, "digest" | "publishedAtMs">;

/** A row of the list: a function with what its newest version says. */
export interface ListedFunction {
  function: FunctionRow;
  description: VersionRow["description"];
  versions: number;
}

export interface Functions {
  /**
   * Keeps a version and makes it the function's newest.
   * - created; - exists: this very version was there (its readme is renewed)
   */
  publish(
    version: VersionRow,
    visibility: FunctionRow["visibility"] | undefined,
  ): "created" | "exists";
  find(name: string): FunctionRow | undefined;
  version(name: string, digest: string): VersionRow | undefined;
  /** The source map of a bundle, whichever function it belongs to. */
  sourceMap(digest: string): string | undefined;
  /** Digests of a function's versions that begin so; at most two, since two are already ambiguous. */
  digestsBeginning(name: string, prefix: string): string[];
  /** Newest first, at most `limit`. */
  versions(name: string, limit: number): VersionStamp[];
  /** By name, after `cursor`. */
  list(cursor: string, limit: number): ListedFunction[];
  /** Some names, to suggest one for a misspelt one. */
  names(limit: number): string[];
}

export function createFunctions(database: Drizzle): Functions {
  const placeholder = sql.placeholder;
  const findOne = database
    .select()
    .from(functions)
    .where(eq(functions.name, placeholder("name")))
    .prepare();
  const ofVersion = and(
    eq(versions.function, placeholder("name")),
    eq(versions.digest, placeholder("digest")),
  );
  const findVersion = database.select().from(versions).where(ofVersion).prepare();
  const findMap = database
    .select({ sourceMap: versions.sourceMap })
    .from(versions)
    .where(eq(versions.digest, placeholder("digest")))
    .limit(1)
    .prepare();
  const beginning = database
    .select({ digest: versions.digest })
    .from(versions)
    .where(
      and(eq(versions.function, placeholder("name")), like(versions.digest, placeholder("like"))),
    )
    .limit(2)
    .prepare();
  const stamps = database
    .select({ digest: versions.digest, publishedAtMs: versions.publishedAtMs })
    .from(versions)
    .where(eq(versions.function, placeholder("name")))
    .orderBy(desc(versions.publishedAtMs), desc(versions.digest))
    .limit(placeholder("limit"))
    .prepare();
  const listed = database
    .select({
      function: functions,
      description: versions.description,
      versions: database.$count(versions, eq(versions.function, functions.name)),
    })
    .from(functions)
    .innerJoin(
      versions,
      and(eq(versions.function, functions.name), eq(versions.digest, functions.latest)),
    )
    .where(gt(functions.name, placeholder("cursor")))
    .orderBy(asc(functions.name))
    .limit(placeholder("limit"))
    .prepare();
  const someNames = database
    .select({ name: functions.name })
    .from(functions)
    .limit(placeholder("limit"))
    .prepare();
  const countVersion = database
    .select({ count: count() })
    .from(versions)
    .where(ofVersion)
    .prepare();

  return {
    publish(version, visibility) {
      return database.transaction((tx) => {
        const key = { name: version.function, digest: version.digest };
        const exists = (countVersion.get(key)?.count ?? 0) > 0;
        tx.insert(versions)
          .values(version)
          .onConflictDoUpdate({
            target: [versions.function, versions.digest],
            set: { readme: version.readme },
          })
          .run();
        tx.insert(functions)
          .values({
            name: version.function,
            visibility: visibility ?? "private",
            latest: version.digest,
            publishedAtMs: version.publishedAtMs,
          })
          .onConflictDoUpdate({
            target: functions.name,
            set: {
              latest: version.digest,
              publishedAtMs: version.publishedAtMs,
              ...(visibility ? { visibility } : {}),
            },
          })
          .run();
        return exists ? "exists" : "created";
      });
    },
    find: (name) => findOne.get({ name }),
    version: (name, digest) => findVersion.get({ name, digest }),
    sourceMap: (digest) => findMap.get({ digest })?.sourceMap,
    digestsBeginning: (name, prefix) =>
      /^[0-9a-f]+$/.test(prefix)
        ? beginning.all({ name, like: `${prefix}%` }).map((row) => row.digest)
        : [],
    versions: (name, limit) => stamps.all({ name, limit }),
    list: (cursor, limit) => listed.all({ cursor, limit }),
    names: (limit) => someNames.all({ limit }).map((row) => row.name),
  };
}
