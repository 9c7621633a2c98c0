import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BrowserSession } from "../../protocol/http-accounts.ts";
import {
  type Asking,
  cookieOf,
  post,
  startTestApi,
  type TestApi,
  type TestMember,
  testPassword,
} from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.end());

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const day = 86_400_000;
const remove = { method: "DELETE" };

async function signIn({ email }: TestMember, headers: Record<string, string> = {}) {
  const body = post({ email, password: testPassword }, headers);
  const cookie = cookieOf((await fetch(`${api.url}/v1/auth/sign-in/email`, body)).headers);
  const browse = (path: string, init: RequestInit = {}) =>
    fetch(`${api.url}${path}`, { ...init, headers: { cookie, origin: api.url } });
  return { cookie, browse, me: async () => (await browse("/v1/me")).status };
}

const listOf = async (who: Pick<Asking, "ask">) =>
  ((await (await who.ask("/v1/auth/sessions")).json()) as { items: BrowserSession[] }).items;

test("one's sessions are listed with their browser; the one that asks is marked", async () => {
  const ada = await api.member("ada");
  const other = await signIn(ada, { "user-agent": firefox });
  await sleep(2);
  await other.browse("/v1/me");
  const listed = await listOf({ ask: other.browse });
  expect(listed).toMatchObject([
    { device: "Firefox on Linux", startedBy: "password", current: true },
    { current: false },
  ]);
  expect(listed[0]!.lastUsedAt > listed[0]!.createdAt).toBe(true);
  expect((await listOf(ada)).map(({ current }) => current)).toEqual([false, false]);
  const kept = JSON.stringify(listed);
  for (const secret of [other.cookie, ada.cookie]) expect(kept).not.toContain(secret.slice(30, 60));
});

test("a session is ended at once, by its owner alone", async () => {
  const [bob, eve] = [await api.member("bob"), await api.member("eve")];
  const other = await signIn(bob);
  expect(await other.me()).toBe(200);
  const { id } = (await listOf({ ask: other.browse })).find(({ current }) => current)!;
  expect((await eve.ask(`/v1/auth/sessions/${id}`, remove)).status).toBe(404);
  expect(await other.me()).toBe(200);
  expect((await bob.ask(`/v1/auth/sessions/${id}`, remove)).status).toBe(204);
  expect(await other.me()).toBe(401);
  expect((await bob.browse("/v1/me")).status).toBe(200);
  expect((await bob.ask(`/v1/auth/sessions/${id}`, remove)).status).toBe(404);
});

test("all others are ended; with a key, all", async () => {
  const cid = await api.member("cid");
  const others = [await signIn(cid), await signIn(cid)];
  const ended = await others[0]!.browse("/v1/auth/sessions", remove);
  expect(await ended.json()).toEqual({ ended: 2 });
  expect(await Promise.all(others.map((one) => one.me()))).toEqual([200, 401]);
  expect((await cid.json("/v1/auth/sessions", remove)).body).toEqual({ ended: 1 });
  expect(await others[0]!.me()).toBe(401);
  expect((await cid.ask("/v1/me")).status).toBe(200);
});

test("a session that is used is renewed, one that nobody uses ends", async () => {
  const dan = await api.member("dan");
  const expiresIn = (ms: number) => {
    api.deps.database.client
      .prepare("update sessions set expires_at_ms = ? where account = ?")
      .run(Date.now() + ms, dan.account);
    api.deps.sessions.forgetAccount(dan.account);
  };
  expect((await dan.browse("/v1/me")).headers.getSetCookie()).toEqual([]);
  expiresIn(10 * day);
  const renewed = await dan.browse("/v1/me");
  expect(renewed.headers.getSetCookie()).toEqual([
    expect.stringMatching(/^sparegrid\.session_token=.*Max-Age=2592000;.*HttpOnly/),
  ]);
  expect(cookieOf(renewed.headers)).toBe(dan.cookie);
  const [session] = await listOf(dan);
  expect(Date.parse(session!.expiresAt)).toBeGreaterThan(Date.now() + 29 * day);
  // Once a day is enough.
  expect((await dan.browse("/v1/me")).headers.getSetCookie()).toEqual([]);
  expiresIn(-1);
  expect((await dan.browse("/v1/me")).status).toBe(401);
});

test("when a session was used is written once a minute for all", async () => {
  const fay = await api.member("fay");
  await fay.browse("/v1/me");
  const written = () =>
    api.deps.database.client
      .prepare("select last_used_at_ms from sessions where account = ?")
      .pluck()
      .get(fay.account);
  expect(written()).toBeNull();
  api.deps.upkeep.turn();
  expect(written()).toBeGreaterThan(Date.now() - 10_000);
});

test("a session by a link may set a password without the old one for an hour, not for ever", async () => {
  const gus = await api.member("gus");
  const { url } = (await api.json<{ url: string }>("/v1/accounts/gus/link", post(""))).body;
  const token = new URL(url).searchParams.get("token");
  const redeemed = await fetch(`${api.url}/v1/auth/link`, post({ token }));
  const headers = { cookie: cookieOf(redeemed.headers), origin: api.url };
  const set = () =>
    fetch(`${api.url}/v1/me/password`, post({ password: "a new password" }, headers));
  expect((await set()).status).toBe(200);
  api.deps.database.client
    .prepare("update sessions set created_at_ms = created_at_ms - 3600000 where account = ?")
    .run(gus.account);
  api.deps.sessions.forgetAccount(gus.account);
  expect((await set()).status).toBe(401);
});
