import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { allScopes, operatorAccount } from "../../protocol/accounts.ts";
import type { Description } from "../../protocol/guest.ts";
import type { Account, CreatedKey } from "../../protocol/http-accounts.ts";
import type { NewVersion } from "../catalog/functions.ts";
import type { Config } from "../config.ts";
import { type RunningApi, startApi } from "../start-api.ts";
import { identity } from "./description.ts";

/** Asks as someone, unless the headers say otherwise. */
export interface Asking {
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** The same, and the answer's JSON. */
  json<T = Record<string, unknown>>(
    path: string,
    init?: RequestInit,
  ): Promise<{ status: number; headers: Headers; body: T }>;
}

/** Someone who signed up. `ask` and `json` show the key. */
export interface TestMember extends Asking {
  account: string;
  handle: string;
  email: string;
  /** For everything. */
  key: string;
  /** What their browser sends; writes with it also need `origin`. */
  cookie: string;
  /** Asks as their browser does: with the cookie, from the server's own page. */
  browse(path: string, init?: RequestInit): Promise<Response>;
}

export const testPassword = "correct horse battery";

/** Asks as the operator. */
export interface TestApi extends RunningApi, Asking {
  dataDir: string;
  /** Signs someone up; a handle can be had once. */
  member(handle: string): Promise<TestMember>;
  /** Puts a public version of the operator's into the catalog as publishing does; returns its digest. */
  seedFunction(
    name: string,
    description?: Partial<Description>,
    more?: Partial<NewVersion>,
  ): string;
  end(): Promise<void>;
}

/** The real server with the embedded store in a directory of its own, on a free port, without runners. */
export async function startTestApi(config: Partial<Config> = {}): Promise<TestApi> {
  const dataDir = config.dataDir ?? (await mkdtemp(join(tmpdir(), "sparegrid-api-")));
  const log = pino({ level: process.env.LOG_LEVEL ?? "silent" });
  const testing = { port: 0, runners: 0, signInsPerMinute: 10_000 };
  const api = await startApi({ config: { ...testing, ...config, dataDir }, log });
  return {
    ...api,
    dataDir,
    ...asking(api.url, { authorization: `Bearer ${api.key}` }),
    member: (handle) => signUp(api.url, handle),
    seedFunction(name, description = {}, more = {}) {
      const digest = [...name]
        .map((letter) => letter.charCodeAt(0).toString(16).padStart(2, "0"))
        .join("")
        .padEnd(64, "0");
      api.deps.catalog.functions.publish({
        owner: operatorAccount,
        name,
        digest,
        description: { ...identity, ...description },
        source: "export default map({})",
        files: {},
        sourceMap: "{}",
        bundleBytes: 1,
        publishedAtMs: Date.now(),
        settings: { visibility: "public" },
        ...more,
      });
      return digest;
    },
    async end() {
      await api.close({ drainMs: 500 });
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function asking(url: string, credentials: Record<string, string>): Asking {
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, { ...init, headers: { ...credentials, ...(init.headers as object) } });
  return {
    ask,
    async json<T>(path: string, init?: RequestInit) {
      const response = await ask(path, init);
      return {
        status: response.status,
        headers: response.headers,
        body: (await response.json()) as T,
      };
    },
  };
}

/** Signs someone up; a handle can be had once. */
export async function signUp(url: string, handle: string): Promise<TestMember> {
  const email = `${handle}@example.org`;
  const anyone = asking(url, {});
  const request = { email, password: testPassword, handle };
  const signedUp = await anyone.json<Account>("/v1/auth/sign-up/email", post(request));
  if (signedUp.status !== 201) throw new Error(`sign-up: ${JSON.stringify(signedUp.body)}`);
  const cookie = cookieOf(signedUp.headers);
  const browser = asking(url, { cookie, origin: url });
  const made = await browser.json<CreatedKey>(
    "/v1/keys",
    post({ name: "test", scopes: allScopes }),
  );
  if (made.status !== 201) throw new Error(`key: ${JSON.stringify(made.body)}`);
  const { key } = made.body;
  return {
    account: signedUp.body.id,
    handle,
    email,
    key,
    cookie,
    browse: browser.ask,
    ...asking(url, { authorization: `Bearer ${key}` }),
  };
}

/** What a browser sends back of what an answer set. */
export function cookieOf(headers: Headers): string {
  return headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");
}

export function post(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}
