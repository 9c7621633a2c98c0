import { and, desc, eq, getTableColumns, isNull, like, max, ne, or, sql } from "drizzle-orm";
import { GridError } from "../../protocol/errors.ts";
import type { Visibility } from "../../protocol/http-common.ts";
import type { Drizzle } from "../database/open.ts";
import { type FunctionQuery, type ListedFunction, listFunctions } from "./function-list.ts";
import { createFunctionRemoval, type FunctionRemoval } from "./function-removal.ts";
import { indexForSearch } from "./function-search.ts";
import { functions, versions } from "./schema.ts";

export type FunctionRow = typeof functions.$inferSelect;
export type VersionRow = typeof versions.$inferSelect;
export type VersionStamp = Pick<
  VersionRow,
  "digest" | "publishedAtMs" | "royaltyBasisPoints" | "deprecated"
>;

/** What is published: a version, and what it says of its function. */
export interface NewVersion
  extends Omit<
    VersionRow,
    "function" | "readme" | "royaltyBasisPoints" | "deprecated" | "release"
  > {
  owner: string;
  name: string;
  /** Absent: that of the version before. */
  readme?: string | undefined;
  settings?: FunctionSettings;
  /** Of a function that is new: where it comes from. */
  forkedFrom?: { function: number; version: string };
}

/** What an owner may set of a function; what is absent stays. */
export interface FunctionSettings {
  visibility?: Visibility | undefined;
  tags?: string[] | undefined;
  royaltyBasisPoints?: number | undefined;
}

export interface Functions extends FunctionRemoval {
  /**
   * Keeps a version and makes it the function's newest. Its royalty is the function's, from then on fixed.
   * - created; - exists: this very version was there (its readme is renewed)
   * @throws GridError conflict when it was there with another royalty
   */
  publish(version: NewVersion): { outcome: "created" | "exists"; function: FunctionRow };
  find(owner: string, name: string): FunctionRow | undefined;
  /** Also one that was removed. */
  byId(id: number): FunctionRow | undefined;
  version(id: number, digest: string): VersionRow | undefined;
  /** The version that a job runs, though its function may have been removed since. */
  versionOfJob(owner: string, name: string, digest: string): VersionRow | undefined;
  /** The source map of a bundle, whichever function it belongs to. */
  sourceMap(digest: string): string | undefined;
  /** Whether a version is one of a function that this account may see. */
  isVisible(account: string, digest: string): boolean;
  /** Digests of a function's versions that begin so; at most two, since two are already ambiguous. */
  digestsBeginning(id: number, prefix: string): string[];
  /** Newest first, at most `limit`. */
  versions(id: number, limit: number): VersionStamp[];
  change(id: number, settings: FunctionSettings): void;
  /** Renews the readme of a version. */
  describe(id: number, digest: string, readme: string | null): void;
  /** Says why a version should not be used any more, or takes that back. */
  deprecate(id: number, digest: string, message: string | null): void;
  list(query: FunctionQuery): ListedFunction[];
  /** Some functions that an account may find in lists, to suggest one for a misspelt name. */
  findable(account: string, limit: number): Pick<FunctionRow, "owner" | "name">[];
}

export function createFunctions(database: Drizzle): Functions {
  const placeholder = sql.placeholder;
  const named = and(
    eq(functions.owner, placeholder("owner")),
    eq(functions.name, placeholder("name")),
  );
  const findOne = database
    .select()
    .from(functions)
    .where(and(named, isNull(functions.deletedAtMs)))
    .prepare();
  const findById = database
    .select()
    .from(functions)
    .where(eq(functions.id, placeholder("id")))
    .prepare();
  const ofVersion = and(
    eq(versions.function, placeholder("id")),
    eq(versions.digest, placeholder("digest")),
  );
  const findVersion = database.select().from(versions).where(ofVersion).prepare();
  const findMap = database
    .select({ sourceMap: versions.sourceMap })
    .from(versions)
    .where(eq(versions.digest, placeholder("digest")))
    .limit(1)
    .prepare();
  const visible = database
    .select({ id: functions.id })
    .from(versions)
    .innerJoin(functions, eq(functions.id, versions.function))
    .where(
      and(
        eq(versions.digest, placeholder("digest")),
        isNull(functions.deletedAtMs),
        or(eq(functions.owner, placeholder("account")), ne(functions.visibility, "private")),
      ),
    )
    .limit(1)
    .prepare();
  const usedByJob = database
    .select(getTableColumns(versions))
    .from(versions)
    .innerJoin(functions, eq(functions.id, versions.function))
    .where(and(named, eq(versions.digest, placeholder("digest"))))
    .limit(1)
    .prepare();
  const beginning = database
    .select({ digest: versions.digest })
    .from(versions)
    .where(
      and(eq(versions.function, placeholder("id")), like(versions.digest, placeholder("like"))),
    )
    .limit(2)
    .prepare();
  const stamps = database
    .select({
      digest: versions.digest,
      publishedAtMs: versions.publishedAtMs,
      royaltyBasisPoints: versions.royaltyBasisPoints,
      deprecated: versions.deprecated,
    })
    .from(versions)
    .where(eq(versions.function, placeholder("id")))
    .orderBy(desc(versions.publishedAtMs), desc(versions.digest))
    .limit(placeholder("limit"))
    .prepare();
  const lastReleased = database
    .select()
    .from(versions)
    .where(eq(versions.function, placeholder("id")))
    // When all are deprecated, the last of them still runs.
    .orderBy(sql`${versions.deprecated} IS NOT NULL`, desc(versions.release))
    .limit(1)
    .prepare();
  const someFindable = database
    .select({ owner: functions.owner, name: functions.name })
    .from(functions)
    .where(
      and(
        isNull(functions.deletedAtMs),
        or(eq(functions.owner, placeholder("account")), eq(functions.visibility, "public")),
      ),
    )
    .limit(placeholder("limit"))
    .prepare();

  /** Brings what a function's row and the search say of its latest version up to date. */
  function renew(id: number): void {
    const latest = lastReleased.get({ id })!;
    database
      .update(functions)
      .set({
        latest: latest.digest,
        kind: latest.description.kind,
        latestRoyaltyBasisPoints: latest.royaltyBasisPoints,
      })
      .where(eq(functions.id, id))
      .run();
    indexForSearch(database, findById.get({ id })!, latest);
  }

  function change(id: number, { visibility, tags, royaltyBasisPoints }: FunctionSettings): void {
    const set = {
      ...(visibility === undefined ? {} : { visibility }),
      ...(tags === undefined ? {} : { tags }),
      ...(royaltyBasisPoints === undefined ? {} : { royaltyBasisPoints }),
    };
    if (Object.keys(set).length > 0)
      database.update(functions).set(set).where(eq(functions.id, id)).run();
  }

  function begin({ owner, name, description, digest, publishedAtMs, forkedFrom }: NewVersion) {
    return database
      .insert(functions)
      .values({
        owner,
        name,
        visibility: "private",
        latest: digest,
        kind: description.kind,
        forkedFrom: forkedFrom?.function ?? null,
        forkedVersion: forkedFrom?.version ?? null,
        publishedAtMs,
      })
      .returning({ id: functions.id })
      .get().id;
  }

  return {
    publish(version) {
      return database.transaction(() => {
        const { owner, name, settings = {}, forkedFrom: _, ...content } = version;
        const id = findOne.get({ owner, name })?.id ?? begin(version);
        const exists = findVersion.get({ id, digest: version.digest });
        const { royaltyBasisPoints: asked } = settings;
        if (exists && asked !== undefined && asked !== exists.royaltyBasisPoints)
          throw royaltyIsFixed(name, exists.royaltyBasisPoints);
        change(id, settings);
        const before = exists ?? lastReleased.get({ id });
        const readme = (version.readme ?? before?.readme) || null;
        const { release } = database
          .select({ release: max(versions.release) })
          .from(versions)
          .where(eq(versions.function, id))
          .get()!;
        const next = { readme, release: (release ?? 0) + 1 };
        const { royaltyBasisPoints } = findById.get({ id })!;
        database
          .insert(versions)
          .values({ ...content, function: id, royaltyBasisPoints, ...next })
          .onConflictDoUpdate({ target: [versions.function, versions.digest], set: next })
          .run();
        const { publishedAtMs } = version;
        database.update(functions).set({ publishedAtMs }).where(eq(functions.id, id)).run();
        renew(id);
        return { outcome: exists ? "exists" : "created", function: findById.get({ id })! };
      });
    },
    find: (owner, name) => findOne.get({ owner, name }),
    byId: (id) => findById.get({ id }),
    version: (id, digest) => findVersion.get({ id, digest }),
    versionOfJob: (owner, name, digest) => usedByJob.get({ owner, name, digest }),
    sourceMap: (digest) => findMap.get({ digest })?.sourceMap,
    isVisible: (account, digest) => visible.get({ account, digest }) !== undefined,
    digestsBeginning: (id, prefix) =>
      /^[0-9a-f]+$/.test(prefix)
        ? beginning.all({ id, like: `${prefix}%` }).map((row) => row.digest)
        : [],
    versions: (id, limit) => stamps.all({ id, limit }),
    change: (id, settings) =>
      database.transaction(() => {
        change(id, settings);
        renew(id);
      }),
    describe: (id, digest, readme) =>
      database.transaction(() => {
        const one = and(eq(versions.function, id), eq(versions.digest, digest));
        database
          .update(versions)
          .set({ readme: readme || null })
          .where(one)
          .run();
        renew(id);
      }),
    deprecate: (id, digest, message) =>
      database.transaction(() => {
        const one = and(eq(versions.function, id), eq(versions.digest, digest));
        database.update(versions).set({ deprecated: message }).where(one).run();
        renew(id);
      }),
    list: (query) => listFunctions(database, query),
    findable: (account, limit) => someFindable.all({ account, limit }),
    ...createFunctionRemoval(database),
  };
}

function royaltyIsFixed(name: string, basisPoints: number): GridError {
  const percent = basisPoints / 100;
  return new GridError("conflict", `This version of ${name} has a royalty of ${percent} %.`, {
    name,
    hint: "A version's royalty is fixed when it is published. A change of the code makes a new version.",
  });
}
