import { and, count, desc, eq, lt, lte, ne, sql } from "drizzle-orm";
import type { CampaignState } from "../../protocol/http-campaigns.ts";
import type { Drizzle } from "../database/open.ts";
import { type CampaignRow, campaignDays, campaigns } from "./schema.ts";

export type CampaignDayRow = typeof campaignDays.$inferSelect;

export interface CampaignFilter {
  /** Of everybody when absent. */
  sponsor?: string | undefined;
  state?: CampaignState | undefined;
  cursor?: string | undefined;
  limit: number;
}

export interface CampaignTotals {
  opened: number;
  completed: number;
  spentMicro: number;
}

/** Campaigns and their days, as they are stored. */
export class CampaignRows {
  readonly #drizzle: Drizzle;
  /** What every view and every look at the clock asks for. */
  readonly #prepared: ReturnType<typeof prepare>;

  constructor(drizzle: Drizzle) {
    this.#drizzle = drizzle;
    this.#prepared = prepare(drizzle);
  }

  find(id: string): CampaignRow | undefined {
    return this.#prepared.find.get({ id });
  }

  insert(row: CampaignRow): void {
    this.#drizzle.insert(campaigns).values(row).run();
  }

  update(id: string, patch: Partial<CampaignRow>): void {
    this.#drizzle.update(campaigns).set(patch).where(eq(campaigns.id, id)).run();
  }

  /** Newest first. */
  list({ sponsor, state, cursor, limit }: CampaignFilter): CampaignRow[] {
    return this.#drizzle
      .select()
      .from(campaigns)
      .where(
        and(
          sponsor === undefined ? undefined : eq(campaigns.sponsor, sponsor),
          state === undefined ? undefined : eq(campaigns.state, state),
          cursor === undefined ? undefined : lt(campaigns.id, cursor),
        ),
      )
      .orderBy(desc(campaigns.id))
      .limit(limit)
      .all();
  }

  countUnended(sponsor: string): number {
    const found = this.#drizzle
      .select({ count: count() })
      .from(campaigns)
      .where(and(eq(campaigns.sponsor, sponsor), ne(campaigns.state, "ended")))
      .get();
    return found?.count ?? 0;
  }

  countIn(state: CampaignState): number {
    const found = this.#drizzle
      .select({ count: count() })
      .from(campaigns)
      .where(eq(campaigns.state, state))
      .get();
    return found?.count ?? 0;
  }

  /** Those in a state whose last day has passed. */
  pastDate(state: CampaignState, nowMs: number, limit: number): CampaignRow[] {
    return this.#prepared.pastDate.all({ state, nowMs, limit });
  }

  /** Ended ones that still hold credits for views that were under way. */
  unsettled(limit: number): CampaignRow[] {
    return this.#prepared.unsettled.all({ limit });
  }

  /** It has just had its turn. */
  takeTurn(id: string): void {
    this.#drizzle
      .update(campaigns)
      .set({ turn: sql`(select max(turn) + 1 from campaigns)` })
      .where(eq(campaigns.id, id))
      .run();
  }

  /** Adds to a day's figures. */
  count(campaign: string, day: number, more: Partial<CampaignTotals>): void {
    const { opened = 0, completed = 0, spentMicro = 0 } = more;
    this.#drizzle
      .insert(campaignDays)
      .values({ campaign, day, opened, completed, spentMicro })
      .onConflictDoUpdate({
        target: [campaignDays.campaign, campaignDays.day],
        set: {
          opened: sql`opened + ${opened}`,
          completed: sql`completed + ${completed}`,
          spentMicro: sql`spent_micro + ${spentMicro}`,
        },
      })
      .run();
  }

  totals(campaign: string): CampaignTotals {
    return this.#drizzle
      .select({
        opened: sql<number>`coalesce(sum(opened), 0)`,
        completed: sql<number>`coalesce(sum(completed), 0)`,
        spentMicro: sql<number>`coalesce(sum(spent_micro), 0)`,
      })
      .from(campaignDays)
      .where(eq(campaignDays.campaign, campaign))
      .get()!;
  }

  /** Views of one day that were watched to the end. */
  completedOn(campaign: string, day: number): number {
    const found = this.#drizzle
      .select({ completed: campaignDays.completed })
      .from(campaignDays)
      .where(and(eq(campaignDays.campaign, campaign), eq(campaignDays.day, day)))
      .get();
    return found?.completed ?? 0;
  }

  /** Newest first. */
  days(campaign: string, before: number | undefined, limit: number): CampaignDayRow[] {
    return this.#drizzle
      .select()
      .from(campaignDays)
      .where(
        and(
          eq(campaignDays.campaign, campaign),
          before === undefined ? undefined : lt(campaignDays.day, before),
        ),
      )
      .orderBy(desc(campaignDays.day))
      .limit(limit)
      .all();
  }
}

function prepare(drizzle: Drizzle) {
  const { placeholder } = sql;
  const limit = placeholder("limit");
  const all = () => drizzle.select().from(campaigns);
  const isPast = lte(campaigns.endsAtMs, placeholder("nowMs"));
  const holdsYet = and(eq(campaigns.state, "ended"), eq(campaigns.settled, false));
  return {
    find: all()
      .where(eq(campaigns.id, placeholder("id")))
      .prepare(),
    pastDate: all()
      .where(and(eq(campaigns.state, placeholder("state")), isPast))
      .limit(limit)
      .prepare(),
    unsettled: all().where(holdsYet).limit(limit).prepare(),
  };
}
