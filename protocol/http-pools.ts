import { z } from "zod";
import { handleSchema, reservedNames } from "./accounts.ts";
import { pageOf, timeSchema } from "./http-common.ts";

/**
 * A pool: machines of people who know each other. Every member may run jobs on it, and every member's runners serve
 * those jobs. In paths and jobs it is "owner/name".
 */

/** A job's `pool` that is none: any machine that is connected, or only the account's own. */
export const everyonePool = "everyone";
export const ownPool = "own";

export const poolMembersMax = 500;
/** Pools that one account may have, and may belong to. */
export const poolsPerAccountMax = 100;
/** Invitations of one pool that are open at a time. */
export const poolInvitationsMax = 200;
const hoursDefault = 7 * 24;
const hoursMax = 90 * 24;

export const poolNameSchema = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, "lower-case letters, digits and single hyphens")
  .refine((name) => !reservedNames.has(name), "this word is taken");

/** A job's `pool`: "everyone", "own", the bare name of a pool of one's own, or "owner/name". */
export const poolChoiceSchema = z
  .string()
  .max(110)
  .regex(
    /^(?:[a-z][a-z0-9-]*\/)?[a-z][a-z0-9-]*$/,
    'write "everyone", "own", the name of a pool of yours, or "owner/name"',
  );

export const createPoolSchema = z.strictObject({ name: poolNameSchema }).meta({ id: "CreatePool" });
export type CreatePool = z.infer<typeof createPoolSchema>;

export const renamePoolSchema = z.strictObject({ name: poolNameSchema }).meta({ id: "RenamePool" });

export const poolRoleSchema = z.enum(["owner", "member"]);
export type PoolRole = z.infer<typeof poolRoleSchema>;

/** One row of GET /v1/pools, newest first: pools of the account and those that it joined. */
export const poolSchema = z
  .object({
    /** "owner/name" */
    name: z.string(),
    owner: z.string(),
    /** What the asker is in it. */
    role: poolRoleSchema,
    memberCount: z.int(),
    createdAt: timeSchema,
  })
  .meta({ id: "Pool" });
export type Pool = z.infer<typeof poolSchema>;
export const poolPageSchema = pageOf(poolSchema).meta({ id: "PoolPage" });

export const poolMemberSchema = z
  .object({
    handle: z.string(),
    role: poolRoleSchema,
    /** Runners of this member that are connected now. */
    runners: z.int(),
    joinedAt: timeSchema,
  })
  .meta({ id: "PoolMember" });
export type PoolMember = z.infer<typeof poolMemberSchema>;

/** GET /v1/pools/:owner/:name, for its members. */
export const poolDetailSchema = poolSchema
  .extend({ members: z.array(poolMemberSchema) })
  .meta({ id: "PoolDetail" });
export type PoolDetail = z.infer<typeof poolDetailSchema>;

/**
 * POST /v1/pools/:owner/:name/invitations: with `handle` for that account alone; without it a code, which whoever has it
 * may use, `uses` times in all.
 */
export const inviteSchema = z
  .strictObject({
    handle: handleSchema.optional(),
    uses: z.int().min(1).max(poolMembersMax).optional(),
    expiresInHours: z.int().min(1).max(hoursMax).default(hoursDefault),
  })
  .refine(({ handle, uses }) => handle === undefined || uses === undefined, {
    message: "an invitation by handle is for one account: leave it out",
    path: ["uses"],
  })
  .meta({ id: "Invite" });
export type Invite = z.infer<typeof inviteSchema>;

export const invitationSchema = z
  .object({
    id: z.string(),
    /** "owner/name" */
    pool: z.string(),
    /** Who is invited; absent for a code. */
    handle: z.string().optional(),
    /** How often the code may still be used. */
    uses: z.int().optional(),
    expiresAt: timeSchema,
    createdAt: timeSchema,
    /** Told once, when it is made: only its hash is kept. */
    code: z.string().optional(),
  })
  .meta({ id: "PoolInvitation" });
export type PoolInvitation = z.infer<typeof invitationSchema>;

/** All of them: they are few (`poolInvitationsMax`). */
export const invitationPageSchema = z
  .object({ items: z.array(invitationSchema), next: z.null() })
  .meta({ id: "PoolInvitationPage" });

/** POST /v1/pools/join/preview: what a code invites to, before it is used. */
export const joinPreviewSchema = z
  .object({
    /** "owner/name" */
    pool: z.string(),
    owner: z.string(),
    memberCount: z.int(),
    /** Whether whoever asks belongs to it already. */
    isMember: z.boolean(),
    expiresAt: timeSchema,
  })
  .meta({ id: "JoinPreview" });
export type JoinPreview = z.infer<typeof joinPreviewSchema>;

/** POST /v1/pools/join */
export const joinPoolSchema = z
  .strictObject({ code: z.string().min(1).max(100) })
  .meta({ id: "JoinPool" });
