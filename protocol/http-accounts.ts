import { z } from "zod";
import { handleSchema, roleSchema, scopeSchema } from "./accounts.ts";
import { pageOf, pageQuerySchema, timeSchema } from "./http-common.ts";
import { walletSchema } from "./http-ledger.ts";
import { poolChoiceSchema } from "./http-pools.ts";
import { keyDaysMax, passwordCharsMax, passwordCharsMin } from "./limits.ts";
import { quotaChangesSchema, quotasSchema } from "./quotas.ts";

const emailSchema = z
  .email()
  .max(254)
  .transform((email) => email.toLowerCase());
const passwordSchema = z.string().min(passwordCharsMin).max(passwordCharsMax);
/** Shown to people as it is, so it may hold nothing that turns or hides what stands beside it. */
export const shownNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]*$/u, "no control or invisible characters");

export const accountSchema = z
  .object({
    id: z.string(),
    handle: z.string(),
    name: z.string(),
    email: z.string().nullable(),
    role: roleSchema,
    suspended: z.boolean(),
    createdAt: timeSchema,
  })
  .meta({ id: "Account" });
export type Account = z.infer<typeof accountSchema>;

/** GET /v1/me. */
export const meSchema = accountSchema
  .extend({
    hasPassword: z.boolean(),
    /** How this request proved who asks. */
    via: z.enum(["key", "session"]),
    key: z.string().nullable().describe("Id of the key that asks"),
    scopes: z.array(scopeSchema),
    quotas: quotasSchema,
    defaultPool: z
      .string()
      .nullable()
      .describe("Whose machines work for jobs and calls that do not say; null: the server chooses"),
  })
  .meta({ id: "Me" });
export type Me = z.infer<typeof meSchema>;

/** POST /v1/auth/sign-up/email. The answer sets the session's cookie. */
export const signUpRequestSchema = z.strictObject({
  email: emailSchema,
  password: passwordSchema,
  name: shownNameSchema.optional().describe("Default: the handle"),
  handle: handleSchema.optional().describe("Default: made of the e-mail address"),
});
export type SignUpRequest = z.input<typeof signUpRequestSchema>;

/** POST /v1/auth/sign-in/email. */
export const signInRequestSchema = z.strictObject({
  email: emailSchema,
  password: z.string().max(passwordCharsMax),
});
export type SignInRequest = z.input<typeof signInRequestSchema>;

/** POST /v1/auth/link. */
export const redeemLinkRequestSchema = z.strictObject({ token: z.string().min(1).max(200) });

/** PATCH /v1/me. */
export const changeMeRequestSchema = z.strictObject({
  handle: handleSchema
    .optional()
    .describe("The former one stays reserved for a year, and means the same account"),
  name: shownNameSchema.optional(),
  defaultPool: poolChoiceSchema
    .nullable()
    .optional()
    .describe("Whose machines work for jobs and calls that do not say; null: the server chooses"),
});
export type ChangeMeRequest = z.input<typeof changeMeRequestSchema>;

/** POST /v1/me/password. */
export const setPasswordRequestSchema = z.strictObject({
  password: passwordSchema,
  currentPassword: z
    .string()
    .max(passwordCharsMax)
    .optional()
    .describe("Needed when one is set, unless a sign-in link began this session"),
  email: emailSchema.optional(),
});
export type SetPasswordRequest = z.input<typeof setPasswordRequestSchema>;

/** PATCH /v1/accounts/:handle. */
export const changeAccountRequestSchema = z.strictObject({
  role: roleSchema.optional(),
  suspended: z.boolean().optional(),
  quotas: quotaChangesSchema.optional(),
});
export type ChangeAccountRequest = z.input<typeof changeAccountRequestSchema>;

/** GET /v1/accounts/:handle. */
export const accountDetailSchema = accountSchema
  .extend({
    hasPassword: z.boolean(),
    quotas: quotasSchema,
    wallet: walletSchema,
  })
  .meta({ id: "AccountDetail" });
export type AccountDetail = z.infer<typeof accountDetailSchema>;

/** GET /v1/accounts. */
export const accountListQuerySchema = pageQuerySchema.extend({
  q: z.string().trim().min(1).max(100).optional().describe("Part of handle, name or e-mail"),
  role: roleSchema.optional(),
  suspended: z.enum(["true", "false"]).optional(),
});

export const accountPageSchema = pageOf(accountSchema).meta({ id: "AccountPage" });

/** POST /v1/accounts/:handle/link. */
export const signInLinkSchema = z
  .object({ url: z.string(), expiresAt: timeSchema })
  .meta({ id: "SignInLink" });
export type SignInLink = z.infer<typeof signInLinkSchema>;

export const apiKeySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    /** Its first characters. */
    prefix: z.string(),
    scopes: z.array(scopeSchema),
    createdAt: timeSchema,
    expiresAt: timeSchema.nullable(),
    lastUsedAt: timeSchema.nullable(),
  })
  .meta({ id: "ApiKey" });
export type ApiKey = z.infer<typeof apiKeySchema>;

/** GET /v1/keys: all of them, since they are few. */
export const apiKeyPageSchema = z
  .object({ items: z.array(apiKeySchema), next: z.null() })
  .meta({ id: "ApiKeyPage" });

/** POST /v1/keys. */
export const createKeyRequestSchema = z.strictObject({
  name: shownNameSchema,
  scopes: z
    .array(scopeSchema)
    .min(1)
    .transform((scopes) => [...new Set(scopes)]),
  expiresInDays: z.int().min(1).max(keyDaysMax).optional(),
});
export type CreateKeyRequest = z.input<typeof createKeyRequestSchema>;

/** The only answer that has the key itself. */
export const createdKeySchema = apiKeySchema.extend({ key: z.string() }).meta({ id: "CreatedKey" });
export type CreatedKey = z.infer<typeof createdKeySchema>;

/** Where an account is signed in with a browser. */
export const browserSessionSchema = z
  .object({
    id: z.string(),
    device: z.string().nullable().describe("As the client calls itself: Firefox on Linux"),
    address: z.string().nullable(),
    startedBy: z.enum(["password", "link"]),
    createdAt: timeSchema,
    lastUsedAt: timeSchema,
    expiresAt: timeSchema.describe("Unless it is used before"),
    current: z.boolean().describe("It is the one that asks"),
  })
  .meta({ id: "BrowserSession" });
export type BrowserSession = z.infer<typeof browserSessionSchema>;

/** GET /v1/auth/sessions. */
export const browserSessionPageSchema = z
  .object({ items: z.array(browserSessionSchema), next: z.null() })
  .meta({ id: "BrowserSessionPage" });

/** DELETE /v1/auth/sessions. */
export const endedSessionsSchema = z
  .object({ ended: z.int().nonnegative() })
  .meta({ id: "EndedSessions" });

/** RFC 8628, 3.1, and `device_name`, after which the key is named. JSON, or a form as the RFC has it. */
export const deviceCodeRequestSchema = z.strictObject({
  client_id: z.string().min(1).max(100),
  scope: z.string().max(200).optional().describe("Scopes of the key, separated by spaces (all)"),
  device_name: shownNameSchema.optional(),
});
export type DeviceCodeRequest = z.input<typeof deviceCodeRequestSchema>;

export const deviceCodeSchema = z
  .object({
    device_code: z.string(),
    user_code: z.string(),
    verification_uri: z.string(),
    verification_uri_complete: z.string(),
    expires_in: z.int(),
    interval: z.int(),
  })
  .meta({ id: "DeviceCode" });
export type DeviceCode = z.infer<typeof deviceCodeSchema>;

export const deviceGrantType = "urn:ietf:params:oauth:grant-type:device_code";

/** RFC 8628, 3.4. */
export const deviceTokenRequestSchema = z.strictObject({
  grant_type: z.literal(deviceGrantType),
  device_code: z.string().min(1).max(200),
  client_id: z.string().min(1).max(100),
});

/** The token is an API key of the account that approved. */
export const deviceTokenSchema = z
  .object({ access_token: z.string(), token_type: z.literal("Bearer"), scope: z.string() })
  .meta({ id: "DeviceToken" });
export type DeviceToken = z.infer<typeof deviceTokenSchema>;

/** What someone who is asked to approve a device is shown: GET /v1/device?code=. */
export const pendingDeviceSchema = z
  .object({
    code: z.string(),
    name: z.string(),
    scopes: z.array(scopeSchema),
    expiresAt: timeSchema,
  })
  .meta({ id: "PendingDevice" });
export type PendingDevice = z.infer<typeof pendingDeviceSchema>;

const userCodeSchema = z.string().trim().min(1).max(40);
export const deviceQuerySchema = z.strictObject({ code: userCodeSchema });

/** POST /v1/device/approve and /v1/device/deny. */
export const decideDeviceRequestSchema = z.strictObject({ code: userCodeSchema });
