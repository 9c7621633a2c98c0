import type { BetterAuthPlugin } from "better-auth";
import { APIError, createAuthEndpoint } from "better-auth/api";
import {
  type DeviceAuthorizationGrant,
  redeemDeviceCode,
} from "better-auth/plugins/device-authorization";
import { z } from "zod";

/** A person waits at the device while it asks. */
export const devicePollSeconds = 2;

/** Fields of ours in a device's code. */
type DeviceFields = { deviceName: string };

/** better-auth's device flow gives sessions; this grant of it gives what an API key is made of instead. */
export const deviceGrant: DeviceAuthorizationGrant = {
  requestSchemaFields: { device_name: z.string() },
  deviceCodeSchemaFields: { deviceName: { type: "string", required: false } },
  authorizeRequest: ({ request }) => ({
    clientId: request.client_id ?? "",
    deviceCodeFields: { deviceName: request.device_name },
  }),
  assertSessionRedemption() {
    throw new APIError("BAD_REQUEST", { error: "invalid_grant" });
  },
  getVerificationContext: ({ deviceName, expiresAt }) => ({ deviceName, expiresAt }),
};

/** The endpoint that redeems an approved device code, once. Only our own route calls it, which makes the key. */
export function deviceKeys() {
  return {
    id: "device-keys",
    endpoints: {
      redeemDevice: createAuthEndpoint(
        "/device/key",
        {
          method: "POST",
          body: z.object({ device_code: z.string(), client_id: z.string() }),
        },
        async (ctx) => {
          const { device_code: deviceCode, client_id: clientId } = ctx.body;
          const { claimedDeviceCode } = await redeemDeviceCode<DeviceFields, undefined, undefined>({
            ctx,
            deviceCode,
            authorizeRedemption(code) {
              if (code.clientId !== clientId)
                throw new APIError("BAD_REQUEST", { error: "invalid_grant" });
              return { ownershipWhere: { field: "clientId", value: clientId }, context: undefined };
            },
            prepareRedemption: () => undefined,
          });
          const { userId, deviceName, scope } = claimedDeviceCode;
          return ctx.json({ account: userId, name: deviceName, scope: scope ?? "" });
        },
      ),
    },
  } satisfies BetterAuthPlugin;
}
