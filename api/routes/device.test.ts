import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type ApiKey,
  type DeviceCode,
  type DeviceToken,
  deviceGrantType,
  type Me,
  type PendingDevice,
} from "../../protocol/http-accounts.ts";
import { devicePollSeconds } from "../accounts/device-grant.ts";
import { post, startTestApi, type TestApi, type TestMember } from "../testing/test-api.ts";

let api: TestApi;
let ada: TestMember;
beforeAll(async () => {
  api = await startTestApi();
  ada = await api.member("ada");
});
afterAll(() => api.end());

const send = (path: string, init: RequestInit = {}) => fetch(`${api.url}${path}`, init);
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

async function begin(more: object = {}): Promise<DeviceCode> {
  const request = { client_id: "test", device_name: "attic", ...more };
  const response = await send("/v1/device/code", post(request));
  expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
  return (await response.json()) as DeviceCode;
}

const poll = ({ device_code }: Pick<DeviceCode, "device_code">, client = "test") =>
  send("/v1/device/token", post({ grant_type: deviceGrantType, device_code, client_id: client }));
const decide = (who: TestMember, decision: "approve" | "deny", code: string) =>
  who.browse(`/v1/device/${decision}`, post({ code }));

test("a device gets a key of whoever approves it, named after it, with the scopes it asked for", async () => {
  const code = await begin({ scope: "runners jobs" });
  expect(code.user_code).toMatch(/^[A-Z2-9]{4}-[A-Z2-9]{4}$/);
  expect(code.verification_uri).toBe(`${api.url}/device`);
  expect(code.verification_uri_complete).toBe(`${api.url}/device?code=${code.user_code}`);
  const typed = code.user_code.toLowerCase().replace("-", " ");
  const look = await ada.browse(`/v1/device?code=${encodeURIComponent(typed)}`);
  expect((await look.json()) as PendingDevice).toMatchObject({
    code: code.user_code,
    name: "attic",
    scopes: ["runners", "jobs"],
  });
  expect((await decide(ada, "approve", typed)).status).toBe(204);
  const answer = await poll(code);
  const token = (await answer.json()) as DeviceToken;
  expect([answer.status, token.token_type, token.scope]).toEqual([200, "Bearer", "runners jobs"]);
  const me = await send("/v1/me", { headers: { authorization: `Bearer ${token.access_token}` } });
  expect((await me.json()) as Me).toMatchObject({ handle: "ada", scopes: ["runners", "jobs"] });
  const { body } = await ada.json<{ items: ApiKey[] }>("/v1/keys");
  expect(body.items[0]).toMatchObject({ name: "attic", scopes: ["runners", "jobs"] });
  expect(await codeOf(await poll(code))).toBe("code-unknown");
});

test("until then it waits, and one that asks too often is told to slow down", async () => {
  const code = await begin();
  const pending = await poll(code);
  const problem = (await pending.json()) as Record<string, unknown>;
  expect(pending.status).toBe(400);
  expect(problem).toMatchObject({ code: "authorization-pending", error: "authorization_pending" });
  expect(await (await poll(code)).json()).toMatchObject({ code: "slow-down", error: "slow_down" });
  await decide(ada, "approve", code.user_code);
  await sleep(devicePollSeconds * 1000 + 50);
  expect((await poll(code)).status).toBe(200);
});

test("a refused device is told so, once", async () => {
  const code = await begin();
  expect((await decide(ada, "deny", code.user_code)).status).toBe(204);
  const told = (await (await poll(code)).json()) as Record<string, unknown>;
  expect(told).toMatchObject({ code: "access-denied", error: "access_denied" });
  expect(await codeOf(await poll(code))).toBe("code-unknown");
});

test("a code expires, for the device and for whoever types it", async () => {
  const code = await begin();
  const { client } = api.deps.database;
  const expire = client.prepare("update device_codes set expires_at_ms = ? where device_code = ?");
  expire.run(Date.now() - 1, code.device_code);
  expect(await codeOf(await decide(ada, "approve", code.user_code))).toBe("code-expired");
  const told = (await (await poll(code)).json()) as Record<string, unknown>;
  expect(told).toMatchObject({ code: "code-expired", error: "expired_token" });
});

test("a code is decided once, by whoever looked first", async () => {
  const bob = await api.member("bob");
  const code = await begin();
  expect((await ada.browse(`/v1/device?code=${code.user_code}`)).status).toBe(200);
  expect(await codeOf(await bob.browse(`/v1/device?code=${code.user_code}`))).toBe("code-unknown");
  expect(await codeOf(await decide(bob, "approve", code.user_code))).toBe("code-unknown");
  expect((await decide(ada, "approve", code.user_code)).status).toBe(204);
  expect(await codeOf(await decide(ada, "deny", code.user_code))).toBe("code-unknown");
  expect(await codeOf(await decide(ada, "approve", "AAAA-AAAA"))).toBe("code-unknown");
});

test("only a session decides: a stolen key cannot beget others", async () => {
  const { user_code: code } = await begin();
  for (const path of ["/v1/device/approve", "/v1/device/deny"])
    expect(await codeOf(await ada.ask(path, post({ code })))).toBe("forbidden");
  expect(await codeOf(await ada.ask(`/v1/device?code=${code}`))).toBe("forbidden");
  expect((await send("/v1/device/approve", post({ code }))).status).toBe(401);
  const headers = { cookie: ada.cookie, origin: "https://evil.example" };
  expect(await codeOf(await send("/v1/device/approve", post({ code }, headers)))).toBe(
    "cross-site",
  );
});

test("another client cannot redeem the code, and of many at once one can", async () => {
  const code = await begin();
  await decide(ada, "approve", code.user_code);
  expect(await codeOf(await poll(code, "other"))).toBe("code-unknown");
  const answers = await Promise.all(Array.from({ length: 6 }, () => poll(code)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

test("a form serves as well as JSON, as OAuth clients send it", async () => {
  const form = (path: string, fields: Record<string, string>) =>
    send(path, { method: "POST", body: new URLSearchParams(fields) });
  const begun = await form("/v1/device/code", { client_id: "oauth", scope: "jobs" });
  const { device_code } = (await begun.json()) as DeviceCode;
  const polled = await form("/v1/device/token", {
    grant_type: deviceGrantType,
    device_code,
    client_id: "oauth",
  });
  expect(await polled.json()).toMatchObject({ error: "authorization_pending" });
});

test("wrong requests say what is wrong", async () => {
  const wrong = await send("/v1/device/code", post({ client_id: "test", scope: "everything" }));
  const problem = (await wrong.json()) as Record<string, unknown>;
  expect([wrong.status, problem.error]).toEqual([400, "invalid_request"]);
  expect(problem.detail).toContain("everything");
  const request = { grant_type: "password", device_code: "x", client_id: "test" };
  expect((await send("/v1/device/token", post(request))).status).toBe(400);
});

test("someone who was suspended meanwhile gets no key", async () => {
  const cat = await api.member("cat");
  const code = await begin();
  await decide(cat, "approve", code.user_code);
  const suspend = { method: "PATCH", body: `{"suspended":true}` };
  await api.ask("/v1/accounts/cat", suspend);
  expect(await codeOf(await poll(code))).toBe("account-suspended");
});
