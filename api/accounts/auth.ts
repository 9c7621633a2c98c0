import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { APIError } from "better-auth/api";
import { betterAuth } from "better-auth/minimal";
import { admin } from "better-auth/plugins/admin";
import { adminAc, userAc } from "better-auth/plugins/admin/access";
import { deviceAuthorization } from "better-auth/plugins/device-authorization";
import type { Logger } from "pino";
import { type IdKind, newId } from "../../protocol/ids.ts";
import { passwordCharsMax, passwordCharsMin } from "../../protocol/limits.ts";
import type { Database } from "../database/open.ts";
import { deviceGrant, deviceKeys, devicePollSeconds } from "./device-grant.ts";
import type { Accounts } from "./directory.ts";
import { deriveHandle } from "./handle.ts";
import { accounts, deviceCodes, logins, sessions, verifications } from "./schema.ts";
import { signInLinks } from "./sign-in-link.ts";
import type { TokenBuckets } from "./token-buckets.ts";

/** Only our own handler sets this header, so that better-auth never believes a stranger's X-Forwarded-For. */
export const addressHeader = "x-sparegrid-address";
export const authPath = "/v1/auth";

const day = 86_400;

export interface AuthOptions {
  database: Database;
  directory: Pick<Accounts, "isTaken">;
  secret: string;
  /** https only: then the cookie is for https alone. */
  publicUrl: string | undefined;
  signInsPerMinute: number;
  buckets: TokenBuckets;
  clock: () => number;
  log: Logger;
  onSignUp: (account: string) => void;
}

export type Auth = ReturnType<typeof createAuth>;

/**
 * better-auth: passwords, sessions and their cookies, one-time values. Its HTTP routes are not mounted as they are; those
 * that we serve (api/routes/auth.ts) pass their requests on after our own checks: who may ask from where (same-origin.ts),
 * and the body's schema.
 */
export function createAuth(options: AuthOptions) {
  const { database, directory, secret, publicUrl, buckets, clock, log } = options;
  const { signInsPerMinute, onSignUp } = options;
  const perAddress = { window: 60, max: signInsPerMinute };
  return betterAuth({
    appName: "Sparegrid",
    basePath: authPath,
    // Requests reach it by our own handler only; the address they were sent to says nothing it needs.
    baseURL: publicUrl ?? "http://sparegrid.invalid",
    secret,
    telemetry: { enabled: false },
    database: drizzleAdapter(database.drizzle, {
      provider: "sqlite",
      // better-sqlite3 has no transactions that wait; what a crash leaves half done is repaired at the start.
      transaction: false,
      schema: {
        user: accounts,
        session: sessions,
        account: logins,
        verification: verifications,
        deviceCode: deviceCodes,
      },
    }),
    emailAndPassword: {
      enabled: true,
      minPasswordLength: passwordCharsMin,
      maxPasswordLength: passwordCharsMax,
    },
    user: {
      additionalFields: {
        handle: { type: "string", required: false },
        defaultPool: { type: "string", required: false, input: false },
      },
    },
    session: {
      expiresIn: 30 * day,
      updateAge: day,
      additionalFields: { via: { type: "string", required: false, input: false } },
    },
    databaseHooks: {
      user: {
        create: {
          before: async (user) => {
            const taken = (handle: string) => directory.isTaken(handle);
            const given = (user as { handle?: string }).handle;
            if (given !== undefined && taken(given))
              throw new APIError("CONFLICT", { code: "HANDLE_TAKEN", message: given });
            return { data: { ...user, handle: given ?? deriveHandle(user.email, taken) } };
          },
        },
      },
      // The password is the last that a sign-up writes: from here on the account is whole.
      account: { create: { after: async ({ userId }) => onSignUp(userId) } },
    },
    rateLimit: {
      enabled: true,
      ...perAddress,
      customRules: { "/sign-in/*": perAddress, "/sign-up/*": perAddress, "/link": perAddress },
      customStorage: {
        consume: async (key, { window, max }) => {
          const waitMs = buckets.take(key, max, max / window);
          return { allowed: waitMs === 0, retryAfter: Math.ceil(waitMs / 1000) };
        },
      },
    },
    plugins: [
      admin({
        defaultRole: "member",
        adminRoles: ["operator"],
        roles: { member: userAc, operator: adminAc },
      }),
      signInLinks(),
      deviceAuthorization({
        expiresIn: "15m",
        interval: `${devicePollSeconds}s`,
        grant: deviceGrant,
      }),
      deviceKeys(),
    ],
    advanced: {
      cookiePrefix: "sparegrid",
      useSecureCookies: publicUrl?.startsWith("https:") ?? false,
      ipAddress: { ipAddressHeaders: [addressHeader] },
      database: { generateId: ({ model }) => newId(idKinds[model] ?? "token", clock()) },
      // same-origin.ts checks every request of a browser, those to better-auth among them.
      disableCSRFCheck: true,
      disableOriginCheck: false,
    },
    logger: {
      level: "warn",
      log: (level, message, ...more) =>
        log[level === "error" ? "error" : "debug"]({ more }, `better-auth: ${message}`),
    },
  });
}

const idKinds: Partial<Record<string, IdKind>> = {
  user: "account",
  session: "session",
  account: "login",
  verification: "verification",
  deviceCode: "device",
};
