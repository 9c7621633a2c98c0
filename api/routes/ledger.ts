import { Readable } from "node:stream";
import { GridError } from "../../protocol/errors.ts";
import {
  type Grant,
  grantRequestSchema,
  grantSchema,
  ledgerReportSchema,
  type WalletExportQuery,
  walletEntryPageSchema,
  walletExportQuerySchema,
  walletHistoryQuerySchema,
  walletSchema,
} from "../../protocol/http-ledger.ts";
import { creditsOf, microOf } from "../../protocol/money.ts";
import type { Deps } from "../deps.ts";
import { readJson, readQuery } from "../http/body.ts";
import { type ApiContext, idFor, principalOf } from "../http/context.ts";
import { csvType } from "../http/result-format.ts";
import { json, type Route } from "../http/route.ts";
import { viewerOf } from "../http/viewer.ts";
import { historyCsv } from "../ledger/export.ts";
import type { HistoryEntry, LedgerAccount } from "../ledger/port.ts";
import { entryView } from "../ledger/view.ts";
import { walletOf } from "../ledger/wallet.ts";

const own = { tag: "Ledger", auth: "member", scope: "wallet" } as const;
const operators = { tag: "Ledger", auth: "operator", scope: "wallet" } as const;

export function ledgerRoutes(deps: Deps): Route[] {
  const { ledger, ledgerCheck, names, accounts, jobReader, clock } = deps;

  /** The wallet of who asks, or the hold of a job of theirs. @throws GridError not-found */
  function accountOf(c: ApiContext, { job }: WalletExportQuery): LedgerAccount {
    if (job === undefined) return `wallet:${principalOf(c).account}`;
    return `job:${jobReader.row(viewerOf(c), job).id}`;
  }

  function filterOf(account: LedgerAccount, { kind, from, to }: WalletExportQuery) {
    return {
      account,
      ...(kind === undefined ? {} : { kinds: kind }),
      ...(from === undefined ? {} : { fromMs: Date.parse(from) }),
      ...(to === undefined ? {} : { toMs: Date.parse(to) }),
    };
  }

  const viewFrom = (account: LedgerAccount) => (entry: HistoryEntry) =>
    entryView(entry, account, (id) => names.handleOf(id));

  return [
    {
      operation: {
        ...own,
        method: "get",
        path: "/v1/ledger",
        id: "getWallet",
        summary: "One's credits: to spend, held, on their way",
        responses: { 200: { description: "The wallet", schema: walletSchema } },
      },
      handle(c) {
        return json(walletOf(deps, principalOf(c).account));
      },
    },
    {
      operation: {
        ...own,
        method: "get",
        path: "/v1/ledger/history",
        id: "getHistory",
        summary: "Where credits came from and went to, newest first",
        description:
          "Of the wallet, or with `job` of that job's hold. A page may have fewer entries than its limit and still have a next: a filter that fits little looks through so many entries at a time.",
        query: walletHistoryQuerySchema,
        responses: { 200: { description: "A page", schema: walletEntryPageSchema } },
      },
      handle(c) {
        const query = readQuery(c, walletHistoryQuerySchema);
        const account = accountOf(c, query);
        const { entries, next } = ledger.historyPage({
          ...filterOf(account, query),
          limit: query.limit,
          ...(query.cursor === undefined ? {} : { before: Number(query.cursor) }),
        });
        return json({
          items: entries.map(viewFrom(account)),
          next: next === undefined ? null : String(next),
        });
      },
    },
    {
      operation: {
        ...own,
        method: "get",
        path: "/v1/ledger/history.csv",
        id: "exportHistory",
        summary: "The whole history as CSV, streamed",
        query: walletExportQuerySchema,
        responses: { 200: { description: "One line an entry", contentTypes: [csvType] } },
      },
      handle(c) {
        const query = readQuery(c, walletExportQuerySchema);
        const account = accountOf(c, query);
        const headers = {
          "content-type": csvType,
          "content-disposition": 'attachment; filename="sparegrid-history.csv"',
        };
        if (c.req.raw.method === "HEAD") return new Response(null, { headers });
        const lines = historyCsv(ledger, filterOf(account, query), viewFrom(account));
        return new Response(Readable.toWeb(Readable.from(lines)) as ReadableStream, { headers });
      },
    },
    {
      operation: {
        ...operators,
        method: "post",
        path: "/v1/ledger/grants",
        id: "grantCredits",
        summary: "Give credits from the mint to an account",
        idempotent: "body",
        body: { schema: grantRequestSchema },
        responses: { 201: { description: "Given", schema: grantSchema } },
      },
      async handle(c) {
        const { account: handle, credits, note } = await readJson(c, grantRequestSchema);
        const account = accounts.byHandle(handle);
        if (!account)
          throw new GridError("not-found", `There is no account ${handle}.`, { name: handle });
        const id = idFor(c, "grant", clock());
        ledger.apply([
          {
            id,
            kind: "grant",
            debit: "mint",
            credit: `wallet:${account.id}`,
            micro: microOf(credits),
            about: { by: principalOf(c).account, ...(note === undefined ? {} : { note }) },
          },
        ]);
        const { micro, atMs } = ledger.find(id)!;
        return json(
          {
            id,
            account: account.handle,
            credits: creditsOf(micro),
            ...(note === undefined ? {} : { note }),
            at: new Date(atMs).toISOString(),
          } satisfies Grant,
          201,
        );
      },
    },
    {
      operation: {
        ...operators,
        method: "get",
        path: "/v1/ledger/verify",
        id: "verifyLedger",
        summary: "Replay every transfer from nothing and check every invariant",
        description:
          "Looks at a snapshot, while everything else goes on; who asks meanwhile gets the same answer.",
        responses: { 200: { description: "What was found", schema: ledgerReportSchema } },
      },
      handle: async () => json(await ledgerCheck.run()),
    },
  ];
}
