import { hash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Account, Me, SignInLink } from "../../protocol/http-accounts.ts";
import { linkMs } from "../accounts/sign-in-link.ts";
import { ScriptedRunner } from "../gateway/testing/scripted-runner.ts";
import { cookieOf, post, startTestApi, type TestApi, testPassword } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.end());

const send = (path: string, init: RequestInit = {}) => fetch(`${api.url}${path}`, init);
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;
const patch = (body: object): RequestInit => ({ method: "PATCH", body: JSON.stringify(body) });
const tokenOf = ({ url }: SignInLink) => new URL(url).searchParams.get("token")!;
const linkFor = async (handle: string) =>
  (await api.json<SignInLink>(`/v1/accounts/${handle}/link`, { method: "POST" })).body;
const redeem = (token: string) => send("/v1/auth/link", post({ token }));

test("the operator lists accounts page by page, members do not", async () => {
  const ada = await api.member("ada");
  const handles: string[] = [];
  for (let cursor = ""; ; ) {
    const { body } = await api.json<{ items: Account[]; next: string | null }>(
      `/v1/accounts?limit=1${cursor}`,
    );
    handles.push(...body.items.map(({ handle }) => handle));
    if (body.next === null) break;
    cursor = `&cursor=${body.next}`;
  }
  expect(handles).toEqual(expect.arrayContaining(["ada", "operator"]));
  const refused = await ada.ask("/v1/accounts");
  expect([refused.status, await codeOf(refused)]).toEqual([403, "forbidden"]);
  expect((await ada.ask("/v1/accounts/operator/link", { method: "POST" })).status).toBe(403);
  expect((await ada.ask("/v1/accounts/ada", patch({ role: "operator" }))).status).toBe(403);
});

test("a start gives a link until the operator has a password", async () => {
  const server = await startTestApi();
  const { dataDir } = server;
  try {
    const token = new URL(server.signInUrl!).searchParams.get("token")!;
    const signedIn = await fetch(`${server.url}/v1/auth/link`, post({ token }));
    const headers = { cookie: cookieOf(signedIn.headers), origin: server.url };
    const request = { password: testPassword, email: "op@example.org" };
    await fetch(`${server.url}/v1/me/password`, post(request, headers));
    await server.close({ drainMs: 100 });
    const again = await startTestApi({ dataDir });
    expect(again.signInUrl).toBeUndefined();
    await again.end();
  } finally {
    await server.end();
  }
});

test("a link signs in once, and lets the operator set address and password", async () => {
  const link = await linkFor("operator");
  expect(link.url.startsWith(`${api.url}/sign-in?token=`)).toBe(true);
  expect(Date.parse(link.expiresAt) - Date.now()).toBeGreaterThan(linkMs - 60_000);
  const first = await redeem(tokenOf(link));
  expect(first.status).toBe(200);
  expect(((await first.clone().json()) as Account).email).toBeNull();
  const cookie = cookieOf(first.headers);
  const again = await redeem(tokenOf(link));
  expect([again.status, await codeOf(again)]).toEqual([410, "link-spent"]);

  const set = (body: object) => send("/v1/me/password", post(body, { cookie, origin: api.url }));
  expect(await codeOf(await set({ password: testPassword }))).toBe("bad-request");
  const done = await set({ password: testPassword, email: "root@example.org" });
  expect((await done.json()) as Me).toMatchObject({ email: "root@example.org", hasPassword: true });
  const signIn = post({ email: "root@example.org", password: testPassword });
  expect((await send("/v1/auth/sign-in/email", signIn)).status).toBe(200);
});

test("a link is replaced by the next, ends with its hour, and is kept as a hash", async () => {
  await api.member("linked");
  const [old, fresh] = [await linkFor("linked"), await linkFor("linked")];
  expect((await redeem(tokenOf(old))).status).toBe(410);
  const { client } = api.deps.database;
  const rows = JSON.stringify(client.prepare("select * from verifications").all());
  expect(rows).not.toContain(tokenOf(fresh));
  expect(rows).toContain(hash("sha256", tokenOf(fresh), "base64url"));
  client.prepare("update verifications set expires_at_ms = ?").run(Date.now() - 1);
  expect((await redeem(tokenOf(fresh))).status).toBe(410);
  expect((await redeem("made up")).status).toBe(410);
});

test("of two who open a link at the same time one gets in", async () => {
  await api.member("raced");
  const token = tokenOf(await linkFor("raced"));
  const answers = await Promise.all(Array.from({ length: 8 }, () => redeem(token)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(410)]);
});

test("a password is changed by who knows it, and ends the other sessions", async () => {
  const pia = await api.member("pia");
  const signIn = (password: string) =>
    send("/v1/auth/sign-in/email", post({ email: pia.email, password }));
  const other = cookieOf((await signIn(testPassword)).headers);
  const change = (body: object) => pia.browse("/v1/me/password", post(body));
  const next = "another long password";
  expect(await codeOf(await change({ password: next }))).toBe("sign-in-failed");
  const wrong = { password: next, currentPassword: "wrong password" };
  expect(await codeOf(await change(wrong))).toBe("sign-in-failed");
  expect((await change({ password: next, currentPassword: testPassword })).status).toBe(200);
  expect((await send("/v1/me", { headers: { cookie: other } })).status).toBe(401);
  expect((await pia.browse("/v1/me")).status).toBe(200);
  expect((await signIn(testPassword)).status).toBe(401);
  expect((await signIn(next)).status).toBe(200);
});

test("whoever holds a session cannot guess the password at will", async () => {
  const strict = await startTestApi({ signInsPerMinute: 2 });
  try {
    const qi = await strict.member("qi");
    const guess = post({ password: "a new password", currentPassword: "a guess" });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await qi.browse("/v1/me/password", guess)).status);
    expect(statuses).toEqual([401, 401, 429]);
  } finally {
    await strict.end();
  }
});

test("a key alone cannot set the password", async () => {
  const roy = await api.member("roy");
  const response = await roy.ask("/v1/me/password", post({ password: "another password" }));
  expect([response.status, await codeOf(response)]).toEqual([403, "forbidden"]);
});

test("who lost the password sets a new one through the operator's link", async () => {
  const sue = await api.member("sue");
  const cookie = cookieOf((await redeem(tokenOf(await linkFor("sue")))).headers);
  const set = post({ password: "a new password" }, { cookie, origin: api.url });
  expect((await send("/v1/me/password", set)).status).toBe(200);
  const signIn = post({ email: sue.email, password: "a new password" });
  expect((await send("/v1/auth/sign-in/email", signIn)).status).toBe(200);
});

test("a suspended account's sessions, keys and runners stop at once; lifted, its keys work again", async () => {
  const tom = await api.member("tom");
  const socket = `${api.url.replace("http", "ws")}/v1/runner`;
  const runner = await ScriptedRunner.connect(socket, "tom-1", { key: tom.key });
  expect((await tom.ask("/v1/me")).status).toBe(200);
  expect((await tom.browse("/v1/me")).status).toBe(200);
  const { body } = await api.json<Account>("/v1/accounts/tom", patch({ suspended: true }));
  expect(body.suspended).toBe(true);
  const byKey = await tom.ask("/v1/me");
  expect([byKey.status, await codeOf(byKey)]).toEqual([403, "account-suspended"]);
  expect((await tom.browse("/v1/me")).status).toBe(401);
  await runner.until(() => runner.closedWith);
  const signIn = post({ email: tom.email, password: testPassword });
  expect(await codeOf(await send("/v1/auth/sign-in/email", signIn))).toBe("account-suspended");
  expect(await codeOf(await redeem(tokenOf(await linkFor("tom"))))).toBe("account-suspended");
  await api.ask("/v1/accounts/tom", patch({ suspended: false }));
  expect((await tom.ask("/v1/me")).status).toBe(200);
  expect((await send("/v1/auth/sign-in/email", signIn)).status).toBe(200);
});

test("a role counts at once, for keys and sessions that were in use", async () => {
  const uma = await api.member("uma");
  expect((await uma.ask("/v1/accounts")).status).toBe(403);
  expect((await uma.browse("/v1/accounts")).status).toBe(403);
  await api.ask("/v1/accounts/uma", patch({ role: "operator" }));
  expect((await uma.ask("/v1/accounts")).status).toBe(200);
  expect((await uma.browse("/v1/accounts")).status).toBe(200);
  await api.ask("/v1/accounts/uma", patch({ role: "member" }));
  expect((await uma.ask("/v1/accounts")).status).toBe(403);
});

test("the last operator cannot be suspended or made a member", async () => {
  for (const change of [{ suspended: true }, { role: "member" }]) {
    const response = await api.ask("/v1/accounts/operator", patch(change));
    expect([response.status, await codeOf(response)]).toEqual([409, "conflict"]);
  }
  expect((await api.ask("/v1/me")).status).toBe(200);
});

test("a handle changes at once, is had once, and is a good one", async () => {
  const [vic, wes] = [await api.member("vic"), await api.member("wes")];
  const { body } = await vic.json<Me>("/v1/me", patch({ handle: "victor", name: "Vic Tor" }));
  expect(body).toMatchObject({ handle: "victor", name: "Vic Tor", id: vic.account });
  expect(await codeOf(await wes.ask("/v1/me", patch({ handle: "victor" })))).toBe("handle-taken");
  expect((await wes.ask("/v1/me", patch({ handle: "wesley" }))).status).toBe(200);
  for (const handle of ["new", "Up", "a", "-a", "a--b", "é", "<b>", "a\u200bb"])
    expect((await wes.ask("/v1/me", patch({ handle }))).status).toBe(400);
});

test("what is no account answers 404", async () => {
  expect((await api.ask("/v1/accounts/nobody", patch({ suspended: true }))).status).toBe(404);
  expect((await api.ask("/v1/accounts/nobody/link", { method: "POST" })).status).toBe(404);
});

test("who signs up gets the credits of the grant, once, also when the server died in between", async () => {
  const server = await startTestApi({ signUpGrantMicro: 5_000_000 });
  const { dataDir } = server;
  const yan = await server.member("yan");
  const balance = ({ deps }: TestApi) => deps.ledger.balance(`wallet:${yan.account}`).available;
  expect(balance(server)).toBe(5_000_000);
  // As if it had died after the account was made and before what follows.
  const { client } = server.deps.database;
  const half = client.prepare(
    "insert into accounts (id, handle, name, email, created_at_ms, updated_at_ms) values (?, ?, ?, ?, 1, 1)",
  );
  half.run("acc_half", "half", "Half", "half@example.org");
  await server.close({ drainMs: 100 });
  const again = await startTestApi({ dataDir, signUpGrantMicro: 5_000_000 });
  try {
    expect(balance(again)).toBe(5_000_000);
    expect(again.deps.accounts.find("acc_half")).toBeUndefined();
    const signUp = post({ email: "half@example.org", password: testPassword, handle: "half" });
    expect((await fetch(`${again.url}/v1/auth/sign-up/email`, signUp)).status).toBe(201);
  } finally {
    await again.end();
  }
});

test("accounts, keys and sessions outlive a restart", async () => {
  const dataDir = api.dataDir;
  const xia = await api.member("xia");
  await api.close({ drainMs: 100 });
  const next = await startTestApi({ dataDir });
  api = next;
  const me = (init: RequestInit) => fetch(`${next.url}/v1/me`, init);
  expect((await me({ headers: { authorization: `Bearer ${xia.key}` } })).status).toBe(200);
  expect((await me({ headers: { cookie: xia.cookie } })).status).toBe(200);
});
