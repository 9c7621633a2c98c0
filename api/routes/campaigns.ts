import {
  type Campaign,
  campaignDayPageSchema,
  campaignDaysQuerySchema,
  campaignListQuerySchema,
  campaignPageSchema,
  campaignSchema,
  campaignTermsSchema,
  createCampaignRequestSchema,
  fundCampaignRequestSchema,
  stopCampaignRequestSchema,
} from "../../protocol/http-campaigns.ts";
import { microOf } from "../../protocol/money.ts";
import { dayOfText, dayText } from "../campaigns/days.ts";
import { campaignFigures } from "../campaigns/figures.ts";
import type { CampaignRow } from "../campaigns/schema.ts";
import { campaignOf, dayOfCampaign } from "../campaigns/wire.ts";
import type { Deps } from "../deps.ts";
import { readJson, readQuery } from "../http/body.ts";
import { type ApiContext, idFor, principalOf } from "../http/context.ts";
import { pageOf } from "../http/page.ts";
import { json, type Operation, type Route } from "../http/route.ts";

const tag = "Campaigns";
const answers = { 200: { description: "The campaign", schema: campaignSchema } };

/** What sponsors do, and the operator. Watching is in views.ts. */
export function campaignRoutes(deps: Deps): Route[] {
  const { clock } = deps;
  const { campaigns, campaignRows } = deps.campaigns;
  const toWire = (row: CampaignRow): Campaign => campaignOf(row, campaignFigures(deps, row));
  const idOf = (c: ApiContext) => c.req.param("id")!;
  const me = (c: ApiContext) => principalOf(c).account;
  /** Whose it must be: the operator sees all. */
  const ownerOf = (c: ApiContext) =>
    principalOf(c).role === "operator" ? undefined : principalOf(c).account;

  function list(c: ApiContext, sponsor: string | undefined): Response {
    const { cursor, limit, state } = readQuery(c, campaignListQuerySchema);
    const rows = campaignRows.list({ sponsor, state, cursor, limit: limit + 1 });
    return json(pageOf(rows, limit, ({ id }) => id, toWire));
  }

  /** A change that takes no body. */
  function verb(
    name: "start" | "pause" | "end",
    summary: string,
    description: string,
    change: (id: string, sponsor: string) => CampaignRow,
  ): Route {
    return {
      operation: {
        method: "post",
        path: `/v1/campaigns/:id/${name}`,
        id: `${name}Campaign`,
        tag,
        summary,
        description,
        auth: "member",
        scope: "wallet",
        idempotent: "body",
        responses: answers,
      },
      handle: (c) => json(toWire(change(idOf(c), me(c)))),
    };
  }

  const listing = {
    method: "get",
    tag,
    scope: "wallet",
    query: campaignListQuerySchema,
    responses: { 200: { description: "A page", schema: campaignPageSchema } },
  } satisfies Partial<Operation>;

  return [
    {
      operation: {
        method: "post",
        path: "/v1/campaigns",
        id: "createCampaign",
        tag,
        summary: "Draft a campaign",
        description: "Its budget, when there is one, leaves the wallet at once.",
        auth: "member",
        scope: "wallet",
        idempotent: "body",
        body: { schema: createCampaignRequestSchema },
        responses: { 201: { description: "The draft", schema: campaignSchema } },
      },
      async handle(c) {
        const { budget, ...terms } = await readJson(c, createCampaignRequestSchema);
        const id = idFor(c, "campaign", clock());
        const budgetMicro = budget === undefined ? 0 : microOf(budget);
        const row = campaigns.create(id, me(c), terms, budgetMicro);
        return json(toWire(row), 201, { location: `/v1/campaigns/${id}` });
      },
    },
    {
      operation: {
        ...listing,
        path: "/v1/campaigns",
        id: "listCampaigns",
        summary: "Your own campaigns, newest first",
        auth: "member",
      },
      handle: (c) => list(c, me(c)),
    },
    {
      operation: {
        ...listing,
        path: "/v1/campaigns/all",
        id: "listAllCampaigns",
        summary: "Everybody's campaigns, newest first",
        auth: "operator",
      },
      handle: (c) => list(c, undefined),
    },
    {
      operation: {
        method: "get",
        path: "/v1/campaigns/:id",
        id: "getCampaign",
        tag,
        summary: "A campaign of yours: budget, spend and views",
        auth: "member",
        scope: "wallet",
        responses: answers,
      },
      handle: (c) => json(toWire(campaigns.get(idOf(c), ownerOf(c)))),
    },
    {
      operation: {
        method: "put",
        path: "/v1/campaigns/:id",
        id: "editCampaign",
        tag,
        summary: "Replace a draft's terms",
        auth: "member",
        scope: "wallet",
        body: { schema: campaignTermsSchema },
        responses: answers,
      },
      async handle(c) {
        const terms = await readJson(c, campaignTermsSchema);
        return json(toWire(campaigns.edit(idOf(c), me(c), terms)));
      },
    },
    {
      operation: {
        method: "get",
        path: "/v1/campaigns/:id/stats",
        id: "campaignStats",
        tag,
        summary: "Views, spend and completion by day",
        description: "Days of UTC, newest first. A view counts for the day on which it was opened.",
        auth: "member",
        scope: "wallet",
        query: campaignDaysQuerySchema,
        responses: { 200: { description: "A page of days", schema: campaignDayPageSchema } },
      },
      handle(c) {
        const { id } = campaigns.get(idOf(c), ownerOf(c));
        const { cursor, limit } = readQuery(c, campaignDaysQuerySchema);
        const before = cursor === undefined ? undefined : dayOfText(cursor);
        const days = campaignRows.days(id, before, limit + 1);
        return json(pageOf(days, limit, ({ day }) => dayText(day), dayOfCampaign));
      },
    },
    {
      operation: {
        method: "post",
        path: "/v1/campaigns/:id/fund",
        id: "fundCampaign",
        tag,
        summary: "Add to the budget",
        auth: "member",
        scope: "wallet",
        idempotent: "body",
        body: { schema: fundCampaignRequestSchema },
        responses: answers,
      },
      async handle(c) {
        const { credits } = await readJson(c, fundCampaignRequestSchema);
        const funding = idFor(c, "funding", clock());
        return json(toWire(campaigns.fund(idOf(c), me(c), funding, microOf(credits))));
      },
    },
    verb(
      "start",
      "Show it",
      "From its start on, to members who have not reached its caps.",
      (id, sponsor) => campaigns.start(id, sponsor),
    ),
    verb("pause", "Stop showing it for a while", "Views that are open may be finished.", (id, by) =>
      campaigns.pause(id, by),
    ),
    verb(
      "end",
      "End it for ever",
      "What is left goes back to the wallet; what open views may still be paid, when they are over.",
      (id, sponsor) => campaigns.end(campaigns.get(id, sponsor).id, "sponsor"),
    ),
    {
      operation: {
        method: "post",
        path: "/v1/campaigns/:id/stop",
        id: "stopCampaign",
        tag,
        summary: "End anybody's campaign, with a reason",
        auth: "operator",
        scope: "wallet",
        idempotent: "body",
        body: { schema: stopCampaignRequestSchema },
        responses: answers,
      },
      async handle(c) {
        const { reason } = await readJson(c, stopCampaignRequestSchema);
        return json(toWire(campaigns.end(idOf(c), "operator", reason)));
      },
    },
  ];
}
