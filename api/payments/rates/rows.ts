import { desc, eq, lt, sql } from "drizzle-orm";
import type { Drizzle } from "../../database/open.ts";
import { rateObservations, versionRates } from "../schema.ts";
import type { OwnerWindow } from "./observations.ts";

export type RateRow = typeof versionRates.$inferSelect;

export interface RateRows {
  /** Newest first. */
  history(version: string, limit: number): RateRow[];
  add(row: RateRow): void;
  windows(version: string): OwnerWindow[];
  keep(window: OwnerWindow, nowMs: number): void;
  /** Forgets what was not renewed since a time. */
  trim(beforeMs: number): void;
}

export function createRateRows(database: Drizzle): RateRows {
  const { placeholder } = sql;
  const newest = database
    .select()
    .from(versionRates)
    .where(eq(versionRates.version, placeholder("version")))
    .orderBy(desc(versionRates.validFromMs))
    .limit(placeholder("limit"))
    .prepare();
  const windowsOf = database
    .select()
    .from(rateObservations)
    .where(eq(rateObservations.version, placeholder("version")))
    .prepare();
  return {
    history: (version, limit) => newest.all({ version, limit }),
    add: (row) => void database.insert(versionRates).values(row).onConflictDoNothing().run(),
    windows: (version) => windowsOf.all({ version }),
    keep: ({ version, owner, spans, fuel, ms }, nowMs) => {
      const set = { spans: [...spans], fuel, ms: Math.round(ms), updatedAtMs: nowMs };
      database
        .insert(rateObservations)
        .values({ version, owner, ...set })
        .onConflictDoUpdate({
          target: [rateObservations.version, rateObservations.owner],
          set,
        })
        .run();
    },
    trim: (beforeMs) =>
      void database
        .delete(rateObservations)
        .where(lt(rateObservations.updatedAtMs, beforeMs))
        .run(),
  };
}
