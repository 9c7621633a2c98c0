import { GridError } from "../../protocol/errors.ts";
import {
  payoutRatePageSchema,
  payoutRateSchema,
  rateListQuerySchema,
  setRateRequestSchema,
} from "../../protocol/http-payouts.ts";
import type { Deps } from "../deps.ts";
import { readJson, readQuery } from "../http/body.ts";
import { idFor, principalOf } from "../http/context.ts";
import { pageOf } from "../http/page.ts";
import { json, type Route } from "../http/route.ts";

const tag = "Payouts";

/** What a credit is worth, as the operator publishes it; with its history. */
export function payoutRateRoutes({ payouts: { rates }, clock }: Deps): Route[] {
  return [
    {
      operation: {
        method: "get",
        path: "/v1/payouts/rates",
        id: "listPayoutRates",
        tag,
        summary: "Published rates, newest first",
        description:
          "gross = floor(credits × minorPerCredit), amount = gross − fee, in whole minor units of the currency.",
        auth: "member",
        scope: "wallet",
        query: rateListQuerySchema,
        responses: { 200: { description: "A page", schema: payoutRatePageSchema } },
      },
      handle(c) {
        const { cursor, limit, currency, current } = readQuery(c, rateListQuerySchema);
        const before = cursor === undefined ? undefined : numberOf(cursor);
        const rows = rates.list({
          currency,
          current: current === "true",
          before,
          limit: limit + 1,
        });
        return json(pageOf(rows, limit, ({ number }) => String(number), rates.toWire()));
      },
    },
    {
      operation: {
        method: "post",
        path: "/v1/payouts/rates",
        id: "publishPayoutRate",
        tag,
        summary: "Publish a rate",
        description:
          "It holds from its time on, in place of the one before it. Nothing is changed.",
        auth: "operator",
        scope: "wallet",
        idempotent: "body",
        body: { schema: setRateRequestSchema },
        responses: { 201: { description: "The rate", schema: payoutRateSchema } },
      },
      async handle(c) {
        const request = await readJson(c, setRateRequestSchema);
        const id = idFor(c, "payoutRate", clock());
        const row = rates.publish(id, principalOf(c).account, request);
        return json(rates.toWire()(row), 201);
      },
    },
  ];
}

function numberOf(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new GridError("bad-request", "This cursor is not one of a page of rates.", {
    name: "cursor",
  });
}
