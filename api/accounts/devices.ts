import { isAPIError } from "better-auth/api";
import { count, lt } from "drizzle-orm";
import { type Scope, scopeSchema } from "../../protocol/accounts.ts";
import { type ErrorCode, GridError } from "../../protocol/errors.ts";
import type { DeviceCode } from "../../protocol/http-accounts.ts";
import type { Database } from "../database/open.ts";
import type { Auth } from "./auth.ts";
import type { Accounts } from "./directory.ts";
import { suspended } from "./key-check.ts";
import type { ApiKeys } from "./keys.ts";
import { deviceCodes } from "./schema.ts";

/** Devices that wait at once; each holds a row for a quarter of an hour. */
export const waitingMax = 10_000;

export interface DevicesOptions {
  auth: Auth;
  accounts: Accounts;
  apiKeys: ApiKeys;
  database: Database;
  clock: () => number;
}

export interface WaitingDevice {
  code: string;
  name: string;
  scopes: Scope[];
  expiresAtMs: number;
}

/**
 * The device flow (RFC 8628): a device shows a code, someone signed in types it in, the device gets a key of theirs.
 * better-auth keeps the codes and their states; what comes out is an API key.
 *
 *   pending → approved → (redeemed: gone)
 *           → denied → (told: gone)
 *           → expired → (told: gone)
 */
export class Devices {
  readonly #options: DevicesOptions;

  constructor(options: DevicesOptions) {
    this.#options = options;
  }

  /** @throws GridError too-many-requests */
  async begin(client: string, name: string, scopes: readonly Scope[]): Promise<DeviceCode> {
    this.#makeRoom();
    const body = { client_id: client, device_name: name, scope: scopes.join(" ") };
    const begun = await ours(this.#options.auth.api.deviceCode({ body }));
    return { ...begun, user_code: shown(begun.user_code) };
  }

  /**
   * Asked again and again by the device, until there is an answer.
   * @throws GridError authorization-pending, slow-down, access-denied, code-expired, code-unknown, account-suspended,
   *   conflict when the account has no room for another key
   */
  async redeem(client: string, deviceCode: string): Promise<{ key: string; scopes: Scope[] }> {
    const { auth, accounts, apiKeys } = this.#options;
    const body = { client_id: client, device_code: deviceCode };
    const { account, name, scope } = await ours(auth.api.redeemDevice({ body }));
    if (accounts.get(account).suspended) throw suspended();
    const scopes = scopesOf(scope);
    const { key } = apiKeys.create({ account, name, scopes });
    return { key, scopes };
  }

  /** What a device asks for. Whoever looks first is the one who may decide. @throws GridError code-unknown, code-expired */
  async look(code: string, cookie: string): Promise<WaitingDevice> {
    const headers = new Headers({ cookie });
    const query = { user_code: code };
    const found = await ours(this.#options.auth.api.deviceVerify({ query, headers }));
    const { deviceName, expiresAt, scope } = found as Partial<Looked>;
    if (found.status !== "pending" || deviceName === undefined || expiresAt === undefined)
      throw unknown();
    return {
      code: shown(plain(code)),
      name: deviceName,
      scopes: scopesOf(scope ?? ""),
      expiresAtMs: new Date(expiresAt).getTime(),
    };
  }

  /** @throws GridError code-unknown (also when it was decided before), code-expired */
  async decide(code: string, cookie: string, decision: "approve" | "deny"): Promise<void> {
    await this.look(code, cookie);
    const { api } = this.#options.auth;
    const request = { body: { userCode: code }, headers: new Headers({ cookie }) };
    await ours(decision === "approve" ? api.deviceApprove(request) : api.deviceDeny(request));
  }

  #makeRoom(): void {
    const { database, clock } = this.#options;
    const { drizzle } = database;
    const waiting = () => drizzle.select({ count: count() }).from(deviceCodes).get()?.count ?? 0;
    if (waiting() < waitingMax) return;
    drizzle
      .delete(deviceCodes)
      .where(lt(deviceCodes.expiresAt, new Date(clock())))
      .run();
    if (waiting() >= waitingMax)
      throw new GridError("too-many-requests", "Too many devices wait to be approved.", {
        retryAfterSeconds: 60,
      });
  }
}

interface Looked {
  deviceName: string;
  expiresAt: Date;
  scope: string;
}

/** @throws GridError bad-request naming the unknown scope */
export function scopesOf(text: string): Scope[] {
  const words = [...new Set(text.split(" ").filter((word) => word !== ""))];
  return words.map((word) => {
    const scope = scopeSchema.safeParse(word);
    if (scope.success) return scope.data;
    throw new GridError("bad-request", `There is no scope "${word}".`, {
      name: word,
      hint: `There are: ${scopeSchema.options.join(", ")}.`,
    });
  });
}

/** Two groups of four are easier to type; hyphen and case do not matter when it is read. */
function shown(userCode: string): string {
  return `${userCode.slice(0, 4)}-${userCode.slice(4)}`;
}

function plain(userCode: string): string {
  return userCode.replace(/[^a-z0-9]/gi, "").toUpperCase();
}

const codes: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  authorization_pending: ["authorization-pending", "Nobody has approved this device yet."],
  slow_down: ["slow-down", "The device asks more often than the interval it was told."],
  access_denied: ["access-denied", "The device was refused."],
  expired_token: ["code-expired", "The code has expired; begin anew."],
};

/** better-auth's refusals as ours. */
async function ours<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!isAPIError(error) || error.statusCode >= 500) throw error;
    const { error: name } = (error.body ?? {}) as { error?: string };
    const [code, message] = codes[name ?? ""] ?? [];
    throw code ? new GridError(code, message!, {}, { cause: error }) : unknown(error);
  }
}

function unknown(cause?: unknown): GridError {
  return new GridError(
    "code-unknown",
    "There is no such code that waits for a decision.",
    { hint: "Codes serve once, within a quarter of an hour." },
    { cause },
  );
}
