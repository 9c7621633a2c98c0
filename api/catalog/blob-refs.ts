import { and, eq, inArray, sql } from "drizzle-orm";
import type { Digest } from "../../protocol/digest.ts";
import type { Drizzle } from "../database/open.ts";
import { blobRefs } from "./schema.ts";

/** Which blobs the catalog needs; api/http/blob-sweep.ts removes what nobody needs. */
export interface BlobRefs {
  /** Notes that `holder` needs these blobs. Noting twice changes nothing. */
  hold(holder: string, digests: readonly Digest[]): void;
  /** Notes that `to` needs what `from` does. */
  share(from: string, to: string): void;
  /** Lets all of a holder's blobs go. */
  release(holder: string): void;
  /** Lets one blob of a holder go. */
  releaseOne(holder: string, digest: Digest): void;
  /** Those of at most 1000 blobs that no holder needs. */
  unheld(digests: readonly Digest[]): Digest[];
}

export function createBlobRefs(database: Drizzle): BlobRefs {
  const placeholder = sql.placeholder;
  const insert = database
    .insert(blobRefs)
    .values({ holder: placeholder("holder"), digest: placeholder("digest") })
    .onConflictDoNothing()
    .prepare();
  return {
    hold: (holder, digests) =>
      database.transaction(() => {
        for (const digest of digests) insert.run({ holder, digest });
      }),
    share: (from, to) => {
      const shared = database
        .select({ holder: sql<string>`${to}`.as("holder"), digest: blobRefs.digest })
        .from(blobRefs)
        .where(eq(blobRefs.holder, from));
      database.insert(blobRefs).select(shared).onConflictDoNothing().run();
    },
    release: (holder) => void database.delete(blobRefs).where(eq(blobRefs.holder, holder)).run(),
    releaseOne: (holder, digest) =>
      void database
        .delete(blobRefs)
        .where(and(eq(blobRefs.holder, holder), eq(blobRefs.digest, digest)))
        .run(),
    unheld: (digests) => {
      const rows = database
        .selectDistinct({ digest: blobRefs.digest })
        .from(blobRefs)
        .where(inArray(blobRefs.digest, [...digests]))
        .all();
      const held = new Set(rows.map(({ digest }) => digest));
      return digests.filter((digest) => !held.has(digest));
    },
  };
}
