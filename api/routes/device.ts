import { allScopes } from "../../protocol/accounts.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import {
  type DeviceCode,
  type DeviceToken,
  decideDeviceRequestSchema,
  deviceCodeRequestSchema,
  deviceCodeSchema,
  deviceQuerySchema,
  deviceTokenRequestSchema,
  deviceTokenSchema,
  type PendingDevice,
  pendingDeviceSchema,
} from "../../protocol/http-accounts.ts";
import { scopesOf } from "../accounts/devices.ts";
import { requireSession } from "../accounts/principal.ts";
import type { Deps } from "../deps.ts";
import { readJson, readQuery } from "../http/body.ts";
import { type ApiContext, headerOf, principalOf } from "../http/context.ts";
import { readFields } from "../http/fields.ts";
import { problemOf, problemResponse, toGridError } from "../http/problem.ts";
import { json, type Operation, type Route } from "../http/route.ts";

const tag = "Accounts";
const noStore = { "cache-control": "no-store" };

/** The device flow of RFC 8628: how a terminal or a runner gets a key without one being typed into it. */
export function deviceRoutes({ devices, address }: Deps): Route[] {
  const open = (path: string, id: string, summary: string, more: Partial<Operation>) =>
    ({ method: "post", path, id, tag, summary, auth: "open", responses: {}, ...more }) as const;

  /** The session's cookie, by which better-auth finds the account once more. */
  function cookieOf(c: ApiContext): string {
    requireSession(principalOf(c));
    return headerOf(c, "cookie") ?? "";
  }

  const decide = (
    path: string,
    id: string,
    summary: string,
    decision: "approve" | "deny",
  ): Route => ({
    operation: {
      method: "post",
      path,
      id,
      tag,
      summary,
      auth: "member",
      body: { schema: decideDeviceRequestSchema },
      responses: { 204: { description: "Decided" } },
    },
    async handle(c) {
      const cookie = cookieOf(c);
      const { code } = await readJson(c, decideDeviceRequestSchema);
      await devices.decide(code, cookie, decision);
      return new Response(null, { status: 204 });
    },
  });

  return [
    {
      operation: open("/v1/device/code", "beginDevice", "Begin: a code for someone to type in", {
        description: "RFC 8628, section 3.1, as JSON or as a form.",
        body: { schema: deviceCodeRequestSchema },
        responses: { 200: { description: "The codes", schema: deviceCodeSchema } },
      }),
      handle: (c) =>
        asOAuth(c, async () => {
          const request = await readFields(c, deviceCodeRequestSchema);
          const { client_id: client, device_name: name = client, scope = "" } = request;
          const asked = scopesOf(scope);
          const code = await devices.begin(client, name, asked.length > 0 ? asked : allScopes);
          const uri = `${address.seenBy(c)}/device`;
          return json(
            {
              ...code,
              verification_uri: uri,
              verification_uri_complete: `${uri}?code=${code.user_code}`,
            } satisfies DeviceCode,
            200,
            noStore,
          );
        }),
    },
    {
      operation: open("/v1/device/token", "redeemDevice", "Ask whether it was approved; the key", {
        description:
          "RFC 8628, section 3.4. A problem's member `error` is the RFC's: authorization_pending, slow_down, access_denied, expired_token, invalid_grant.",
        body: { schema: deviceTokenRequestSchema },
        responses: { 200: { description: "Approved: an API key", schema: deviceTokenSchema } },
      }),
      handle: (c) =>
        asOAuth(c, async () => {
          const request = await readFields(c, deviceTokenRequestSchema);
          const { key, scopes } = await devices.redeem(request.client_id, request.device_code);
          const token: DeviceToken = {
            access_token: key,
            token_type: "Bearer",
            scope: scopes.join(" "),
          };
          return json(token, 200, noStore);
        }),
    },
    {
      operation: {
        method: "get",
        path: "/v1/device",
        id: "getDevice",
        tag,
        summary: "What the device with this code asks for",
        description: "Takes a session. Whoever looks first is the one who may approve or deny.",
        auth: "member",
        query: deviceQuerySchema,
        responses: { 200: { description: "A device that waits", schema: pendingDeviceSchema } },
      },
      async handle(c) {
        const cookie = cookieOf(c);
        const { code } = readQuery(c, deviceQuerySchema);
        const { expiresAtMs, ...device } = await devices.look(code, cookie);
        const pending: PendingDevice = {
          ...device,
          expiresAt: new Date(expiresAtMs).toISOString(),
        };
        return json(pending, 200, noStore);
      },
    },
    decide("/v1/device/approve", "approveDevice", "Give the device a key of yours", "approve"),
    decide("/v1/device/deny", "denyDevice", "Refuse the device", "deny"),
  ];
}

const oauthErrors: Partial<Record<ErrorCode, string>> = {
  "bad-request": "invalid_request",
  "authorization-pending": "authorization_pending",
  "slow-down": "slow_down",
  "access-denied": "access_denied",
  "code-expired": "expired_token",
  "code-unknown": "invalid_grant",
};

/** Problems that are OAuth's errors too (RFC 6749, 5.2), so that any client of the flow understands them. */
async function asOAuth(c: ApiContext, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    const known = toGridError(error);
    const name = oauthErrors[known.code];
    if (name === undefined) throw error;
    const body = { error: name, error_description: known.message };
    const problem = problemOf(known.toBody(), c.req.path);
    const { status, headers } = problemResponse(known, c.req.path, noStore);
    return new Response(JSON.stringify({ ...problem, ...body }), { status, headers });
  }
}
