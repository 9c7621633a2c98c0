import { and, asc, count, desc, eq, gt, gte, inArray, lt, lte, ne, sql } from "drizzle-orm";
import type { Drizzle } from "../database/open.ts";
import { dayOf, dayStartMs } from "./days.ts";
import { type CampaignRow, campaignDays, campaigns, type ViewRow, views } from "./schema.ts";
import type { ViewPhase } from "./view.ts";

export interface Watched {
  views: number;
  earnedMicro: number;
}

/** Watchings as they are stored, and which campaigns an account may watch. */
export class ViewRows {
  readonly #drizzle: Drizzle;

  constructor(drizzle: Drizzle) {
    this.#drizzle = drizzle;
  }

  insert(row: ViewRow): void {
    this.#drizzle.insert(views).values(row).run();
  }

  byToken(tokenHash: string): ViewRow | undefined {
    return this.#drizzle.select().from(views).where(eq(views.tokenHash, tokenHash)).get();
  }

  /** The one that the account has open. */
  openOf(viewer: string): ViewRow | undefined {
    return this.#drizzle
      .select()
      .from(views)
      .where(and(eq(views.viewer, viewer), eq(views.phase, "open")))
      .get();
  }

  end(id: string, phase: ViewPhase, endedAtMs: number): void {
    this.#drizzle.update(views).set({ phase, endedAtMs }).where(eq(views.id, id)).run();
  }

  /** How many of a campaign's are open; with a time, those that can still be paid after it. */
  countOpen(campaign: string, afterMs = 0): number {
    const found = this.#drizzle
      .select({ count: count() })
      .from(views)
      .where(
        and(
          eq(views.campaign, campaign),
          eq(views.phase, "open"),
          afterMs === 0 ? undefined : gt(views.expiresAtMs, afterMs),
        ),
      )
      .get();
    return found?.count ?? 0;
  }

  /** What an account was paid for views that it opened since a time. */
  watchedSince(viewer: string, sinceMs: number): Watched {
    return this.#drizzle
      .select({
        views: count(),
        earnedMicro: sql<number>`coalesce(sum(${views.micro}), 0)`,
      })
      .from(views)
      .where(and(eq(views.viewer, viewer), eq(views.phase, "paid"), gte(views.openedAtMs, sinceMs)))
      .get()!;
  }

  /**
   * Running campaigns that this account may watch as far as dates and caps go, whose turn it is first. What was watched
   * after the day began counts, even after now: a clock that was set back opens no second day.
   */
  watchable(viewer: string, nowMs: number, limit: number, id?: string): CampaignRow[] {
    const day = dayOf(nowMs);
    const ofCampaign = eq(views.campaign, campaigns.id);
    const paidToViewer = and(ofCampaign, eq(views.phase, "paid"), eq(views.viewer, viewer));
    const open = and(ofCampaign, eq(views.phase, "open"), gt(views.expiresAtMs, nowMs));
    const since = gte(views.openedAtMs, dayStartMs(day));
    const ofDay = and(eq(campaignDays.campaign, campaigns.id), gte(campaignDays.day, day));
    return this.#drizzle
      .select()
      .from(campaigns)
      .where(
        and(
          eq(campaigns.state, "running"),
          eq(campaigns.dry, false),
          lte(campaigns.startsAtMs, nowMs),
          gt(campaigns.endsAtMs, nowMs),
          ne(campaigns.sponsor, viewer),
          id === undefined ? undefined : eq(campaigns.id, id),
          sql`(select count(*) from ${views} where ${paidToViewer}) < ${campaigns.perViewerMax}`,
          sql`(select count(*) from ${views} where ${and(paidToViewer, since)}) < ${campaigns.perViewerDayMax}`,
          sql`(${campaigns.perDayMax} is null or (select count(*) from ${views} where ${open}) + (select coalesce(sum(${campaignDays.completed}), 0) from ${campaignDays} where ${ofDay}) < ${campaigns.perDayMax})`,
        ),
      )
      .orderBy(asc(campaigns.turn), asc(campaigns.id))
      .limit(limit)
      .all();
  }

  /** Paid ones of an account with their campaigns' titles, newest first. */
  paid(viewer: string, cursor: string | undefined, limit: number) {
    return this.#drizzle
      .select({ view: views, title: campaigns.title })
      .from(views)
      .innerJoin(campaigns, eq(campaigns.id, views.campaign))
      .where(
        and(
          eq(views.viewer, viewer),
          eq(views.phase, "paid"),
          cursor === undefined ? undefined : lt(views.id, cursor),
        ),
      )
      .orderBy(desc(views.id))
      .limit(limit)
      .all();
  }

  /** Ends open views whose time is over; their ids. */
  expire(nowMs: number, limit: number): string[] {
    const over = this.#drizzle
      .select({ id: views.id })
      .from(views)
      .where(and(eq(views.phase, "open"), lte(views.expiresAtMs, nowMs)))
      .limit(limit)
      .all()
      .map(({ id }) => id);
    if (over.length > 0)
      this.#drizzle
        .update(views)
        .set({ phase: "expired", endedAtMs: nowMs })
        .where(inArray(views.id, over))
        .run();
    return over;
  }

  /** Forgets views that ended unpaid before a time: a day's statistics keep their count. */
  forgetUnpaid(beforeMs: number, limit: number): void {
    const old = this.#drizzle
      .select({ id: views.id })
      .from(views)
      .where(and(inArray(views.phase, ["replaced", "expired"]), lt(views.expiresAtMs, beforeMs)))
      .limit(limit);
    this.#drizzle.delete(views).where(inArray(views.id, old)).run();
  }
}
