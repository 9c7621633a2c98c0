import { hash, randomBytes } from "node:crypto";
import type { BetterAuthPlugin } from "better-auth";
import { APIError, createAuthEndpoint } from "better-auth/api";
import { setSessionCookie } from "better-auth/cookies";
import { and, eq, like } from "drizzle-orm";
import { z } from "zod";
import { newId } from "../../protocol/ids.ts";
import type { Database } from "../database/open.ts";
import { verifications } from "./schema.ts";

/** A link lies in a terminal or a chat for a while before it is opened. */
export const linkMs = 3_600_000;
const marker = "sign-in-link:";

export interface SignInLink {
  token: string;
  expiresAtMs: number;
}

/** Makes a token that signs an account in, once. Earlier ones of the account stop to work. */
export function createSignInLink(
  { drizzle, transaction }: Database,
  account: string,
  nowMs: number,
): SignInLink {
  const token = randomBytes(24).toString("base64url");
  const expiresAtMs = nowMs + linkMs;
  const now = new Date(nowMs);
  transaction(() => {
    const ofAccount = like(verifications.identifier, `${marker}%`);
    drizzle
      .delete(verifications)
      .where(and(ofAccount, eq(verifications.value, account)))
      .run();
    drizzle
      .insert(verifications)
      .values({
        id: newId("verification", nowMs),
        identifier: identifierOf(token),
        value: account,
        expiresAt: new Date(expiresAtMs),
        createdAt: now,
        updatedAt: now,
      })
      .run();
  });
  return { token, expiresAtMs };
}

/** The part of better-auth that it lacks: a link that an operator hands out, exchanged for a session, as of a notebook server. */
export function signInLinks() {
  return {
    id: "sign-in-link",
    endpoints: {
      redeemLink: createAuthEndpoint(
        "/link",
        { method: "POST", body: z.object({ token: z.string() }) },
        async (ctx) => {
          const { internalAdapter } = ctx.context;
          const identifier = identifierOf(ctx.body.token);
          const found = await internalAdapter.consumeVerificationValue(identifier);
          const user = found && (await internalAdapter.findUserById(found.value));
          if (!user) throw new APIError("BAD_REQUEST", { code: "LINK_SPENT" });
          const session = await internalAdapter.createSession(user.id, false, { via: "link" });
          await setSessionCookie(ctx, { session, user });
          return ctx.json({ user: { id: user.id } });
        },
      ),
    },
  } satisfies BetterAuthPlugin;
}

function identifierOf(token: string): string {
  return `${marker}${hash("sha256", token, "base64url")}`;
}
