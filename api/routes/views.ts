import { pageQuerySchema } from "../../protocol/http-common.ts";
import {
  heartbeatRequestSchema,
  nextCommercialSchema,
  offeredCommercialsSchema,
  offeredMax,
  openedViewSchema,
  paidViewPageSchema,
  paidViewSchema,
  viewProgressSchema,
} from "../../protocol/http-views.ts";
import { newId } from "../../protocol/ids.ts";
import { viewHeartbeatMs } from "../../protocol/limits.ts";
import { creditsOf } from "../../protocol/money.ts";
import type { CampaignRow } from "../campaigns/schema.ts";
import { commercialOf, paidViewOf } from "../campaigns/wire.ts";
import type { Deps } from "../deps.ts";
import { readJson, readQuery } from "../http/body.ts";
import { type ApiContext, principalOf } from "../http/context.ts";
import { pageOf } from "../http/page.ts";
import { json, type Route } from "../http/route.ts";

const tag = "Watching";

/** Watching commercials for credits. */
export function viewRoutes({ accounts, campaigns: area, clock }: Deps): Route[] {
  const { campaigns, views, viewRows } = area;
  const me = (c: ApiContext) => principalOf(c).account;
  const toWire = (row: CampaignRow) =>
    commercialOf(row, accounts.find(row.sponsor)?.handle ?? row.sponsor);
  function todayOf(viewer: string) {
    const { views: count, earnedMicro } = views.today(viewer);
    return { views: count, viewsMax: views.viewsPerDayMax, earned: creditsOf(earnedMicro) };
  }

  return [
    {
      operation: {
        method: "get",
        path: "/v1/campaigns/offered",
        id: "listOfferedCommercials",
        tag,
        summary: "Commercials that you may watch now",
        description: `At most ${offeredMax}, whose turn it is first. None when you have reached today's.`,
        auth: "member",
        scope: "wallet",
        responses: { 200: { description: "To choose from", schema: offeredCommercialsSchema } },
      },
      handle(c) {
        const items = views.offered(me(c), offeredMax).map(toWire);
        return json({ items, next: null, today: todayOf(me(c)) });
      },
    },
    {
      operation: {
        method: "get",
        path: "/v1/campaigns/next",
        id: "nextCommercial",
        tag,
        summary: "A commercial that you may watch now",
        description:
          "Campaigns take turns. Null when none has budget and caps left for you, or you have reached today's.",
        auth: "member",
        scope: "wallet",
        responses: { 200: { description: "The next one", schema: nextCommercialSchema } },
      },
      handle(c) {
        const row = views.next(me(c));
        return json({ commercial: row ? toWire(row) : null, today: todayOf(me(c)) });
      },
    },
    {
      operation: {
        method: "post",
        path: "/v1/campaigns/:id/views",
        id: "openView",
        tag,
        summary: "Begin to watch",
        description:
          "Ends the view that you have open. A repeat opens another: the token is nowhere to be read again.",
        auth: "member",
        scope: "wallet",
        responses: { 201: { description: "The view's token", schema: openedViewSchema } },
      },
      handle(c) {
        const id = newId("view", clock());
        const { view, token } = views.open(id, c.req.param("id")!, me(c));
        return json(
          {
            token,
            commercial: toWire(campaigns.get(view.campaign)),
            heartbeatMs: viewHeartbeatMs,
            expiresAt: new Date(view.expiresAtMs).toISOString(),
          },
          201,
        );
      },
    },
    {
      operation: {
        method: "post",
        path: "/v1/views/:token/heartbeat",
        id: "viewHeartbeat",
        tag,
        summary: "Say that the page shows it",
        description:
          "About once a second. Time counts by the server's clock between two heartbeats of a visible page, at most 5 s apart. The same sequence again changes nothing.",
        auth: "member",
        scope: "wallet",
        body: { schema: heartbeatRequestSchema },
        responses: { 200: { description: "What counts so far", schema: viewProgressSchema } },
      },
      async handle(c) {
        const beat = await readJson(c, heartbeatRequestSchema);
        const { watchedMs, ...progress } = views.heartbeat(c.req.param("token")!, me(c), beat);
        return json({ ...progress, watchedMs: Math.floor(watchedMs) });
      },
    },
    {
      operation: {
        method: "post",
        path: "/v1/views/:token/finish",
        id: "finishView",
        tag,
        summary: "Be paid for what was watched",
        description: "Once: asked again, it answers the same.",
        auth: "member",
        scope: "wallet",
        responses: { 200: { description: "It was paid", schema: paidViewSchema } },
      },
      handle(c) {
        const { view, title } = views.finish(c.req.param("token")!, me(c));
        return json(paidViewOf(view, title));
      },
    },
    {
      operation: {
        method: "get",
        path: "/v1/views",
        id: "listViews",
        tag,
        summary: "What you were paid for watching, newest first",
        auth: "member",
        scope: "wallet",
        query: pageQuerySchema,
        responses: { 200: { description: "A page", schema: paidViewPageSchema } },
      },
      handle(c) {
        const { cursor, limit } = readQuery(c, pageQuerySchema);
        const rows = viewRows.paid(me(c), cursor, limit + 1);
        return json(
          pageOf(
            rows,
            limit,
            ({ view }) => view.id,
            ({ view, title }) => paidViewOf(view, title),
          ),
        );
      },
    },
  ];
}
