import Bowser from "bowser";
import {
  type BrowserSession,
  browserSessionPageSchema,
  endedSessionsSchema,
} from "../../protocol/http-accounts.ts";
import { withoutHidden } from "../../protocol/text.ts";
import { requireWhole } from "../accounts/principal.ts";
import type { SessionRow } from "../accounts/session-rows.ts";
import type { Deps } from "../deps.ts";
import { principalOf } from "../http/context.ts";
import { json, type Route } from "../http/route.ts";

const tag = "Accounts";
const agentCharsMax = 200;

/** Where the account is signed in with a browser. */
export function sessionRoutes({ sessions }: Deps): Route[] {
  return [
    {
      operation: {
        method: "get",
        path: "/v1/auth/sessions",
        id: "listSessions",
        tag,
        summary: "Your sessions, the last used first",
        auth: "member",
        responses: { 200: { description: "All of them", schema: browserSessionPageSchema } },
      },
      handle(c) {
        const principal = principalOf(c);
        requireWhole(principal);
        const current = principal.session?.id;
        const items = sessions.list(principal.account).map((row) => sessionOf(row, current));
        return json({ items, next: null }, 200, { "cache-control": "no-store" });
      },
    },
    {
      operation: {
        method: "delete",
        path: "/v1/auth/sessions/:id",
        id: "endSession",
        tag,
        summary: "End a session, at once",
        auth: "member",
        responses: { 204: { description: "Whoever used it has to sign in again" } },
      },
      handle(c) {
        const principal = principalOf(c);
        requireWhole(principal);
        sessions.end(principal.account, c.req.param("id")!);
        return new Response(null, { status: 204 });
      },
    },
    {
      operation: {
        method: "delete",
        path: "/v1/auth/sessions",
        id: "endOtherSessions",
        tag,
        summary: "End every session but the one that asks; with a key, every one",
        auth: "member",
        responses: { 200: { description: "How many there were", schema: endedSessionsSchema } },
      },
      handle(c) {
        const principal = principalOf(c);
        requireWhole(principal);
        return json({ ended: sessions.endOthers(principal.account, principal.session?.id) });
      },
    },
  ];
}

function sessionOf(row: SessionRow, current: string | undefined): BrowserSession {
  const { id, userAgent, address, byLink, createdAtMs, lastUsedAtMs, expiresAtMs } = row;
  return {
    ...{ id, address },
    device: deviceOf(userAgent),
    startedBy: byLink ? "link" : "password",
    createdAt: new Date(createdAtMs).toISOString(),
    lastUsedAt: new Date(lastUsedAtMs).toISOString(),
    expiresAt: new Date(expiresAtMs).toISOString(),
    current: id === current,
  };
}

/** "Firefox on Linux", or what a program calls itself. It is what the client said, not what is known. */
function deviceOf(userAgent: string | null): string | null {
  if (!userAgent) return null;
  const { browser, os } = Bowser.parse(userAgent);
  const words = [browser.name, os.name].filter((word) => word).join(" on ");
  return withoutHidden(words || userAgent).slice(0, agentCharsMax);
}
