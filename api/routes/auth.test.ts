import { afterAll, beforeAll, expect, test } from "vitest";
import type { Account, Me } from "../../protocol/http-accounts.ts";
import { cookieOf, post, startTestApi, type TestApi, testPassword } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.end());

const anyone = { authorization: "" };
/** As a program without any credentials, or as a browser on one of our pages. */
const send = (path: string, init: RequestInit = {}) => fetch(`${api.url}${path}`, init);
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

test("signing up makes a member with a session that may do everything", async () => {
  const ada = await api.member("ada");
  const me = (await (await ada.browse("/v1/me")).json()) as Me;
  expect(me).toMatchObject({
    id: ada.account,
    handle: "ada",
    email: "ada@example.org",
    role: "member",
    via: "session",
    hasPassword: true,
    suspended: false,
  });
  expect(ada.account).toMatch(/^acc_/);
});

test("the session's cookie is out of reach of scripts and of other sites", async () => {
  const response = await send(
    "/v1/auth/sign-up/email",
    post({ email: "cookie@example.org", password: testPassword }),
  );
  const [cookie] = response.headers.getSetCookie();
  expect(cookie).toMatch(/^sparegrid\.session_token=.*; Path=\/; HttpOnly; SameSite=Lax/);
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(JSON.stringify(await response.json())).not.toContain("token");
});

test("a handle is made of the address when none is given", async () => {
  const signUp = async (email: string) => {
    const request = post({ email, password: testPassword });
    const response = await send("/v1/auth/sign-up/email", request);
    return ((await response.json()) as Account).handle;
  };
  expect(await signUp("Grace.Hopper+navy@example.org")).toBe("grace-hopper-navy");
  expect(await signUp("grace.hopper.navy@example.com")).toBe("grace-hopper-navy-2");
  expect(await signUp("42@example.org")).toBe("member");
  expect(await signUp("operator@example.org")).toBe("operator-2");
  expect(await signUp("me@example.org")).toBe("me-2");
});

test("an address and a handle are had once, and who has them is not told", async () => {
  await api.member("once");
  const again = (more: object) =>
    send("/v1/auth/sign-up/email", post({ password: testPassword, ...more }));
  expect(await codeOf(await again({ email: "ONCE@example.org" }))).toBe("email-taken");
  expect(await codeOf(await again({ email: "b@example.org", handle: "once" }))).toBe(
    "handle-taken",
  );
});

test.each([
  [{ email: "no address", password: testPassword }, "email"],
  [{ email: "a@example.org", password: "short" }, "password"],
  [{ email: "a@example.org", password: testPassword, handle: "Not A Handle" }, "handle"],
  [{ email: "a@example.org", password: testPassword, handle: "me" }, "handle"],
  [{ email: "a@example.org", password: testPassword, name: "a\u202eb" }, "name"],
  [{ email: "a@example.org", password: testPassword, role: "operator" }, "role"],
])("sign-up refuses %j by naming the field", async (request, field) => {
  const response = await send("/v1/auth/sign-up/email", post(request));
  expect(response.status).toBe(400);
  expect(JSON.stringify(await response.json())).toContain(field);
});

test("signing in takes the right password, and tells no more than that", async () => {
  await api.member("signer");
  const signIn = (email: string, password: string) =>
    send("/v1/auth/sign-in/email", post({ email, password }));
  const right = await signIn("signer@example.org", testPassword);
  expect(right.status).toBe(200);
  const cookie = cookieOf(right.headers);
  expect((await send("/v1/me", { headers: { cookie } })).status).toBe(200);
  const wrong = await signIn("signer@example.org", "wrong password");
  const unknown = await signIn("nobody@example.org", "wrong password");
  const [first, second] = [await wrong.json(), await unknown.json()];
  expect([wrong.status, (first as { code: string }).code]).toEqual([401, "sign-in-failed"]);
  expect(second).toEqual(first);
});

test("a session that signed out is gone at once, others stay", async () => {
  const lin = await api.member("lin");
  const signIn = post({ email: lin.email, password: testPassword });
  const other = cookieOf((await send("/v1/auth/sign-in/email", signIn)).headers);
  expect((await lin.browse("/v1/me")).status).toBe(200);
  const out = await lin.browse("/v1/auth/sign-out", { method: "POST" });
  expect(out.status).toBe(204);
  expect(out.headers.getSetCookie()[0]).toMatch(/session_token=;.*Max-Age=0/);
  expect((await lin.browse("/v1/me")).status).toBe(401);
  expect((await send("/v1/me", { headers: { cookie: other } })).status).toBe(200);
});

test("a forged cookie is nobody's", async () => {
  const eve = await api.member("eve");
  const cookie = eve.cookie.replace(/=(.)/, (_, letter) => `=${letter === "a" ? "b" : "a"}`);
  const response = await send("/v1/me", { headers: { cookie } });
  expect([response.status, await codeOf(response)]).toEqual([401, "unauthorized"]);
});

test("another site's page cannot write with a session", async () => {
  const mia = await api.member("mia");
  const rename = (headers: Record<string, string>) =>
    send("/v1/me", {
      method: "PATCH",
      body: JSON.stringify({ name: "Mia" }),
      headers: { cookie: mia.cookie, ...headers },
    });
  for (const headers of [
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: api.url, "sec-fetch-site": "cross-site" },
    { origin: api.url, "sec-fetch-site": "same-site" },
    {},
  ] as Record<string, string>[]) {
    const response = await rename(headers);
    expect([response.status, await codeOf(response)]).toEqual([403, "cross-site"]);
  }
  expect((await rename({ origin: api.url })).status).toBe(200);
  expect((await rename({ "sec-fetch-site": "same-origin" })).status).toBe(200);
  const read = await send("/v1/me", {
    headers: { cookie: mia.cookie, origin: "https://evil.example" },
  });
  expect(read.status).toBe(200);
});

test("another site's page cannot sign its visitors in as someone else", async () => {
  await api.member("lure");
  const response = await send(
    "/v1/auth/sign-in/email",
    post({ email: "lure@example.org", password: testPassword }, { origin: "https://evil.example" }),
  );
  expect(await codeOf(response)).toBe("cross-site");
});

test("a key's writes are not asked where they come from", async () => {
  const kay = await api.member("kay");
  const init = { method: "PATCH", body: JSON.stringify({ name: "Kay" }) };
  const response = await kay.ask("/v1/me", { ...init, headers: { origin: "https://a.example" } });
  expect(response.status).toBe(200);
});

test("only the routes of better-auth that are ours answer", async () => {
  for (const path of ["/v1/auth/admin/list-users", "/v1/auth/get-session", "/v1/auth/update-user"])
    expect((await api.ask(path)).status).toBe(404);
});

test("too many attempts to sign in are put off, each with the time to wait", async () => {
  const strict = await startTestApi({ signInsPerMinute: 3 });
  try {
    const attempt = () =>
      fetch(`${strict.url}/v1/auth/sign-in/email`, post({ email: "x@example.org", password: "x" }));
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push(await attempt());
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 429]);
    const last = answers.at(-1)!;
    expect(last.headers.get("content-type")).toBe("application/problem+json");
    expect(Number(last.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await codeOf(last)).toBe("too-many-requests");
  } finally {
    await strict.end();
  }
});

test("writes beyond an account's rate are put off, reads and other accounts are not", async () => {
  const slow = await startTestApi({ writesPerSecond: 1 });
  try {
    const [busy, calm] = [await slow.member("busy"), await slow.member("calm")];
    const rename = () => busy.ask("/v1/me", { method: "PATCH", body: `{"name":"B"}` });
    let last = await rename();
    for (let i = 0; i < 100 && last.status === 200; i++) last = await rename();
    expect(last.status).toBe(429);
    expect(last.headers.get("retry-after")).toBe("1");
    expect((await busy.ask("/v1/me")).status).toBe(200);
    expect((await calm.ask("/v1/me", { method: "PATCH", body: `{"name":"C"}` })).status).toBe(200);
  } finally {
    await slow.end();
  }
});

test("a proxy's word on who asks counts only when one is configured", async () => {
  const attempt = (url: string, address: string) =>
    fetch(
      `${url}/v1/auth/sign-in/email`,
      post({ email: "x@example.org", password: "x" }, { "x-forwarded-for": address }),
    );
  for (const [proxies, expected] of [
    [0, [401, 429]],
    [1, [401, 401]],
  ] as const) {
    const server = await startTestApi({ signInsPerMinute: 1, proxies });
    try {
      const first = await attempt(server.url, "192.0.2.1");
      const second = await attempt(server.url, "192.0.2.9, 192.0.2.2");
      expect([first.status, second.status]).toEqual(expected);
    } finally {
      await server.end();
    }
  }
});

test("without any credentials a member's route says what it needs", async () => {
  const response = await api.ask("/v1/me", { headers: anyone });
  expect([response.status, await codeOf(response)]).toEqual([401, "unauthorized"]);
});
