import { Readable } from "node:stream";
import {
  payoutListQuerySchema,
  payoutPageSchema,
  payoutRequestSchema,
  payoutSchema,
  payPayoutRequestSchema,
  rejectPayoutRequestSchema,
} from "../../protocol/http-payouts.ts";
import type { Deps } from "../deps.ts";
import { readJson, readQuery } from "../http/body.ts";
import { type ApiContext, idFor, principalOf } from "../http/context.ts";
import { pageOf } from "../http/page.ts";
import { json, type Operation, type Route } from "../http/route.ts";
import { exportCsv } from "../payouts/export.ts";
import type { PayoutRow } from "../payouts/schema.ts";
import { payoutOf } from "../payouts/wire.ts";

const tag = "Payouts";
const answers = { 200: { description: "The payout", schema: payoutSchema } };
/** Rows of an export that are in memory at once. */
const exportedAtOnce = 500;

/** Credits for money. Rates are in payout-rates.ts. */
export function payoutRoutes({ accounts, payouts: { payouts }, clock }: Deps): Route[] {
  const toWire = (row: PayoutRow) =>
    payoutOf(row, accounts.find(row.account)?.handle ?? row.account);
  const idOf = (c: ApiContext) => c.req.param("id")!;
  const me = (c: ApiContext) => principalOf(c).account;

  function list(c: ApiContext, account: string | undefined): Response {
    const { cursor, limit, state } = readQuery(c, payoutListQuerySchema);
    const rows = payouts.list({ account, state, cursor, limit: limit + 1 });
    return json(pageOf(rows, limit, ({ id }) => id, toWire));
  }

  function* pages(account: string | undefined) {
    let cursor: string | undefined;
    for (;;) {
      const rows = payouts.list({ account, cursor, limit: exportedAtOnce });
      if (rows.length === 0) return;
      yield rows.map(toWire);
      cursor = rows.at(-1)!.id;
    }
  }

  function csv(account: string | undefined): Response {
    const body = Readable.toWeb(Readable.from(exportCsv(pages(account)), { objectMode: false }));
    return new Response(body as ReadableStream, {
      headers: {
        "content-type": "text/csv; charset=utf-8; header=present",
        "content-disposition": 'attachment; filename="payouts.csv"',
        "cache-control": "no-store",
      },
    });
  }

  const reading = { method: "get", tag, scope: "wallet" } satisfies Partial<Operation>;
  const paged = {
    ...reading,
    query: payoutListQuerySchema,
    responses: { 200: { description: "A page", schema: payoutPageSchema } },
  } satisfies Partial<Operation>;
  const exported = {
    ...reading,
    responses: { 200: { description: "All of them", contentTypes: ["text/csv"] } },
  } satisfies Partial<Operation>;

  return [
    {
      operation: {
        method: "post",
        path: "/v1/payouts",
        id: "requestPayout",
        tag,
        summary: "Ask for money for credits",
        description:
          "At the rate that holds now; the credits are set aside until the operator has paid or refused, or you withdraw it.",
        auth: "member",
        scope: "wallet",
        idempotent: "body",
        body: { schema: payoutRequestSchema },
        responses: { 201: { description: "The request", schema: payoutSchema } },
      },
      async handle(c) {
        const request = await readJson(c, payoutRequestSchema);
        const row = payouts.request(idFor(c, "payout", clock()), me(c), request);
        return json(toWire(row), 201, { location: `/v1/payouts/${row.id}` });
      },
    },
    {
      operation: {
        ...paged,
        path: "/v1/payouts",
        id: "listPayouts",
        summary: "Your own payouts, newest first",
        auth: "member",
      },
      handle: (c) => list(c, me(c)),
    },
    {
      operation: {
        ...paged,
        path: "/v1/payouts/all",
        id: "listAllPayouts",
        summary: "Everybody's payouts, newest first",
        auth: "operator",
      },
      handle: (c) => list(c, undefined),
    },
    {
      operation: {
        ...exported,
        path: "/v1/payouts/export",
        id: "exportPayouts",
        summary: "Your own payouts as CSV",
        auth: "member",
      },
      handle: (c) => csv(me(c)),
    },
    {
      operation: {
        ...exported,
        path: "/v1/payouts/all/export",
        id: "exportAllPayouts",
        summary: "Everybody's payouts as CSV",
        auth: "operator",
      },
      handle: () => csv(undefined),
    },
    {
      operation: {
        ...reading,
        path: "/v1/payouts/:id",
        id: "getPayout",
        summary: "A payout",
        auth: "member",
        responses: answers,
      },
      handle(c) {
        const { account, role } = principalOf(c);
        return json(toWire(payouts.get(idOf(c), role === "operator" ? undefined : account)));
      },
    },
    {
      operation: {
        method: "post",
        path: "/v1/payouts/:id/withdraw",
        id: "withdrawPayout",
        tag,
        summary: "Take a request back",
        description: "As long as the operator has not begun to pay it; the credits return.",
        auth: "member",
        scope: "wallet",
        idempotent: "body",
        responses: answers,
      },
      handle: (c) => json(toWire(payouts.withdraw(idOf(c), me(c)))),
    },
    {
      operation: {
        method: "post",
        path: "/v1/payouts/:id/pay",
        id: "payPayout",
        tag,
        summary: "Begin to pay, or note that it was paid",
        description:
          "Without a reference the payment begins, and the member cannot withdraw it any more; with the payment's reference it is done.",
        auth: "operator",
        scope: "wallet",
        idempotent: "body",
        body: { schema: payPayoutRequestSchema },
        responses: answers,
      },
      async handle(c) {
        const { reference } = await readJson(c, payPayoutRequestSchema);
        return json(toWire(await payouts.pay(idOf(c), me(c), reference)));
      },
    },
    {
      operation: {
        method: "post",
        path: "/v1/payouts/:id/reject",
        id: "rejectPayout",
        tag,
        summary: "Refuse a payout",
        description: "The credits return; the member reads the reason.",
        auth: "operator",
        scope: "wallet",
        idempotent: "body",
        body: { schema: rejectPayoutRequestSchema },
        responses: answers,
      },
      async handle(c) {
        const { reason } = await readJson(c, rejectPayoutRequestSchema);
        return json(toWire(payouts.reject(idOf(c), me(c), reason)));
      },
    },
  ];
}
