import { and, desc, eq, gt, ne, sql } from "drizzle-orm";
import type { Database } from "../database/open.ts";
import { sessions } from "./schema.ts";

export interface SessionRow {
  id: string;
  userAgent: string | null;
  address: string | null;
  byLink: boolean;
  createdAtMs: number;
  lastUsedAtMs: number;
  expiresAtMs: number;
}

/** More than anyone looks through; signing in is limited, but does not end what began before. */
const listedMax = 200;

/** The sessions of browsers, as their owners look at and end them; better-auth makes and renews them. */
export class SessionRows {
  readonly #database: Database;
  readonly #clock: () => number;

  constructor(database: Database, clock: () => number) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Those that have not ended, the last used first. */
  list(account: string): SessionRow[] {
    const lastUsedAtMs = sql<number>`coalesce(${sessions.lastUsedAtMs}, ${sessions.createdAt})`;
    const rows = this.#database.drizzle
      .select({
        id: sessions.id,
        userAgent: sessions.userAgent,
        address: sessions.ipAddress,
        via: sessions.via,
        createdAt: sessions.createdAt,
        expiresAt: sessions.expiresAt,
        lastUsedAtMs,
      })
      .from(sessions)
      .where(and(eq(sessions.userId, account), gt(sessions.expiresAt, new Date(this.#clock()))))
      .orderBy(desc(lastUsedAtMs), desc(sessions.id))
      .limit(listedMax)
      .all();
    return rows.map(({ via, createdAt, expiresAt, address, ...row }) => ({
      ...row,
      address: address || null,
      byLink: via === "link",
      createdAtMs: createdAt.getTime(),
      expiresAtMs: expiresAt.getTime(),
    }));
  }

  /** - ended; - unknown: the account has no such session */
  end(account: string, id: string): "ended" | "unknown" {
    const own = and(eq(sessions.userId, account), eq(sessions.id, id));
    const { changes } = this.#database.drizzle.delete(sessions).where(own).run();
    return changes > 0 ? "ended" : "unknown";
  }

  /** All but `kept`. Returns how many ended. */
  endOthers(account: string, kept: string | undefined): number {
    const others = kept === undefined ? undefined : ne(sessions.id, kept);
    const which = and(eq(sessions.userId, account), others);
    return this.#database.drizzle.delete(sessions).where(which).run().changes;
  }

  /** Writes when sessions were last used, by id. */
  used(times: ReadonlyMap<string, number>): void {
    const { drizzle, transaction } = this.#database;
    transaction(() => {
      for (const [id, lastUsedAtMs] of times)
        drizzle.update(sessions).set({ lastUsedAtMs }).where(eq(sessions.id, id)).run();
    });
  }
}
