import { and, eq, sql } from "drizzle-orm";
import type { Digest } from "../../protocol/digest.ts";
import type { Database } from "./open.ts";
import { blobRefs, garbage } from "./schema.ts";

export interface BlobRefs {
  /** Notes that `holder` needs these blobs. Noting twice changes nothing. */
  hold(holder: string, digests: readonly Digest[]): void;
  /** Lets all of a holder's blobs go; those that nobody else needs become garbage. */
  release(holder: string): void;
  /** Lets one blob of a holder go. */
  releaseOne(holder: string, digest: Digest): void;
  /** Makes blobs garbage that no holder was ever noted for, unless one is. */
  discard(digests: readonly Digest[]): void;
  isHeld(digest: Digest): boolean;
  /** Garbage that nobody needs, at most `limit`; what is needed again is struck off. */
  garbage(limit: number): Digest[];
  /** Strikes removed blobs off the garbage. */
  removed(digests: readonly Digest[]): void;
}

export function createBlobRefs(database: Database): BlobRefs {
  const placeholder = sql.placeholder;
  const insert = database
    .insert(blobRefs)
    .values({ holder: placeholder("holder"), digest: placeholder("digest") })
    .onConflictDoNothing()
    .prepare();
  const held = database
    .select({ holder: blobRefs.holder })
    .from(blobRefs)
    .where(eq(blobRefs.digest, placeholder("digest")))
    .limit(1)
    .prepare();
  const throwAway = database
    .insert(garbage)
    .values({ digest: placeholder("digest") })
    .onConflictDoNothing()
    .prepare();
  const strike = database
    .delete(garbage)
    .where(eq(garbage.digest, placeholder("digest")))
    .prepare();
  const some = database.select().from(garbage).limit(placeholder("limit")).prepare();
  const isHeld = (digest: Digest) => held.get({ digest }) !== undefined;

  return {
    isHeld,
    hold: (holder, digests) =>
      database.transaction(() => {
        for (const digest of digests) insert.run({ holder, digest });
      }),
    release: (holder) =>
      database.transaction((tx) => {
        const mine = tx.select().from(blobRefs).where(eq(blobRefs.holder, holder)).all();
        tx.delete(blobRefs).where(eq(blobRefs.holder, holder)).run();
        for (const { digest } of mine) if (!isHeld(digest)) throwAway.run({ digest });
      }),
    releaseOne: (holder, digest) =>
      database.transaction((tx) => {
        tx.delete(blobRefs)
          .where(and(eq(blobRefs.holder, holder), eq(blobRefs.digest, digest)))
          .run();
        if (!isHeld(digest)) throwAway.run({ digest });
      }),
    discard: (digests) =>
      database.transaction(() => {
        for (const digest of digests) if (!isHeld(digest)) throwAway.run({ digest });
      }),
    garbage: (limit) =>
      database.transaction(() => {
        const digests = some.all({ limit }).map((row) => row.digest);
        return digests.filter((digest) => {
          if (!isHeld(digest)) return true;
          strike.run({ digest });
          return false;
        });
      }),
    removed: (digests) =>
      database.transaction(() => {
        for (const digest of digests) strike.run({ digest });
      }),
  };
}
