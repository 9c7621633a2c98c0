import { allScopes, type Role } from "../protocol/accounts.ts";
import { GridError } from "../protocol/errors.ts";
import {
  type Account,
  type AccountDetail,
  type ApiKey,
  accountDetailSchema,
  accountPageSchema,
  apiKeyPageSchema,
  type BrowserSession,
  browserSessionPageSchema,
  type ChangeAccountRequest,
  type ChangeMeRequest,
  type CreatedKey,
  type CreateKeyRequest,
  createdKeySchema,
  type DeviceCode,
  type DeviceCodeRequest,
  deviceCodeSchema,
  deviceGrantType,
  deviceTokenSchema,
  endedSessionsSchema,
  type Me,
  meSchema,
  type SignInLink,
  type SignUpRequest,
  signInLinkSchema,
} from "../protocol/http.ts";
import type { Abortable } from "./jobs.ts";
import { paged } from "./paged.ts";
import { sleep } from "./retry.ts";
import type { Transport } from "./transport.ts";

/** RFC 8628, 3.5: how much longer a device waits from then on when it is told to slow down. */
const slowerBySeconds = 5;

/** Which accounts an operator looks for. */
export interface AccountSearch {
  /** Part of handle, name or e-mail. */
  q?: string | undefined;
  role?: Role | undefined;
  suspended?: boolean | undefined;
}

/** Who one is, one's keys, and for operators the accounts of others. Throws GridError, ConnectionError. */
export class AccountsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  me(options: Abortable = {}): Promise<Me> {
    return this.#transport.json({ path: "/v1/me", ...options }, meSchema);
  }

  changeMe(json: ChangeMeRequest, options: Abortable = {}): Promise<Me> {
    return this.#transport.json({ method: "PATCH", path: "/v1/me", json, ...options }, meSchema);
  }

  /** All of the account's, newest first. */
  async keys(options: Abortable = {}): Promise<ApiKey[]> {
    return (await this.#transport.json({ path: "/v1/keys", ...options }, apiKeyPageSchema)).items;
  }

  /** The answer is the only one that has the key itself. */
  createKey(json: CreateKeyRequest, options: Abortable = {}): Promise<CreatedKey> {
    const call = { method: "POST", path: "/v1/keys", json, ...options } as const;
    return this.#transport.json(call, createdKeySchema);
  }

  async revokeKey(id: string, options: Abortable = {}): Promise<void> {
    const path = `/v1/keys/${encodeURIComponent(id)}`;
    await this.#transport.open({ method: "DELETE", path, ...options });
  }

  /** Where the account is signed in with a browser, the last used first. */
  async sessions(options: Abortable = {}): Promise<BrowserSession[]> {
    const call = { path: "/v1/auth/sessions", ...options };
    return (await this.#transport.json(call, browserSessionPageSchema)).items;
  }

  async endSession(id: string, options: Abortable = {}): Promise<void> {
    const path = `/v1/auth/sessions/${encodeURIComponent(id)}`;
    await this.#transport.open({ method: "DELETE", path, ...options });
  }

  /** All but the one that asks. Resolves with how many there were. */
  async endOtherSessions(options: Abortable = {}): Promise<number> {
    const call = { method: "DELETE", path: "/v1/auth/sessions", ...options } as const;
    return (await this.#transport.json(call, endedSessionsSchema)).ended;
  }

  /** Makes an account and a key of it for everything, whatever key this client has. */
  async signUp(
    request: SignUpRequest,
    keyName: string,
    options: Abortable = {},
  ): Promise<CreatedKey> {
    const signedUp = await this.#transport.open({
      method: "POST",
      path: "/v1/auth/sign-up/email",
      json: request,
      pure: true,
      anonymous: true,
      ...options,
    });
    const cookie = signedUp.headers
      .getSetCookie()
      .map((one) => one.split(";")[0])
      .join("; ");
    await signedUp.body?.cancel();
    // As a browser on the server's own page would.
    const headers = { cookie, origin: new URL(this.#transport.url).origin };
    const key = await this.#transport.json(
      {
        method: "POST",
        path: "/v1/keys",
        json: { name: keyName, scopes: [...allScopes] },
        headers,
        anonymous: true,
        ...options,
      },
      createdKeySchema,
    );
    await this.#transport.open({
      method: "POST",
      path: "/v1/auth/sign-out",
      headers,
      anonymous: true,
      ...options,
    });
    return key;
  }

  /** Begins the device flow (RFC 8628): show `user_code` and the link to someone, then `awaitDevice`. */
  beginDevice(request: DeviceCodeRequest, options: Abortable = {}): Promise<DeviceCode> {
    const call = { method: "POST", path: "/v1/device/code", json: request, pure: true } as const;
    return this.#transport.json({ ...call, ...options }, deviceCodeSchema);
  }

  /**
   * Asks until someone has decided. Resolves with the key.
   * @throws GridError access-denied, code-expired, code-unknown
   */
  async awaitDevice(client: string, code: DeviceCode, { signal }: Abortable = {}): Promise<string> {
    const json = { grant_type: deviceGrantType, device_code: code.device_code, client_id: client };
    const call = { method: "POST", path: "/v1/device/token", json, pure: true, signal } as const;
    for (let waitSeconds = code.interval; ; ) {
      await sleep(waitSeconds * 1000, signal);
      try {
        return (await this.#transport.json(call, deviceTokenSchema)).access_token;
      } catch (error) {
        if (!(error instanceof GridError)) throw error;
        if (error.code === "slow-down") waitSeconds += slowerBySeconds;
        else if (error.code !== "authorization-pending") throw error;
      }
    }
  }

  /** For operators: all accounts, newest first, or those that are looked for. */
  list({
    signal,
    suspended,
    ...search
  }: AccountSearch & Abortable = {}): AsyncGenerator<Account, void, undefined> {
    const query = { ...search, suspended: suspended?.toString() };
    return paged((cursor) =>
      this.#transport.json(
        { path: "/v1/accounts", query: { ...query, cursor }, signal },
        accountPageSchema,
      ),
    );
  }

  /** For operators: an account, with how much it has and may have. */
  get(handle: string, options: Abortable = {}): Promise<AccountDetail> {
    return this.#transport.json({ path: pathOf(handle), ...options }, accountDetailSchema);
  }

  /** For operators. */
  change(
    handle: string,
    json: ChangeAccountRequest,
    options: Abortable = {},
  ): Promise<AccountDetail> {
    const call = { method: "PATCH", path: pathOf(handle), json, ...options } as const;
    return this.#transport.json(call, accountDetailSchema);
  }

  /** For operators: a link that signs the account in, once. */
  createLink(handle: string, options: Abortable = {}): Promise<SignInLink> {
    const call = { method: "POST", path: `${pathOf(handle)}/link`, ...options } as const;
    return this.#transport.json(call, signInLinkSchema);
  }
}

function pathOf(handle: string): string {
  return `/v1/accounts/${encodeURIComponent(handle)}`;
}
