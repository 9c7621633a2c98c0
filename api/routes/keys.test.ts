import { afterAll, beforeAll, expect, test } from "vitest";
import type { Scope } from "../../protocol/accounts.ts";
import type { ApiKey, CreatedKey, Me } from "../../protocol/http-accounts.ts";
import { ScriptedRunner } from "../gateway/testing/scripted-runner.ts";
import { jobSpecOf } from "../testing/job-spec.ts";
import { post, startTestApi, type TestApi, type TestMember } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.end());

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;
const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

async function newKey(
  member: Pick<TestMember, "json">,
  scopes: readonly Scope[],
  more: object = {},
): Promise<CreatedKey> {
  const made = await member.json<CreatedKey>("/v1/keys", post({ name: "k", scopes, ...more }));
  expect(made.status).toBe(201);
  return made.body;
}

const keysOf = async (member: TestMember) =>
  (await member.json<{ items: ApiKey[] }>("/v1/keys")).body.items;

test("a key is shown once; later, its beginning tells it from others", async () => {
  const ada = await api.member("ada");
  const made = await newKey(ada, ["jobs"]);
  expect(made.key).toMatch(/^sgk_[\w-]{43}$/);
  const [listed] = await keysOf(ada);
  expect(listed).toEqual({ ...made, key: undefined });
  expect(made.key.startsWith(listed!.prefix)).toBe(true);
  const kept = api.deps.database.client.prepare("select * from api_keys").all();
  expect(JSON.stringify(kept)).not.toContain(made.key);
});

test("a key serves what its scopes say, and says which one it lacks", async () => {
  const bob = await api.member("bob");
  const { key } = await newKey(bob, ["jobs"]);
  expect((await api.ask("/v1/jobs", as(key))).status).toBe(200);
  const other = await api.ask("/v1/datasets", as(key));
  const problem = (await other.json()) as { code: string; detail: string };
  expect([other.status, problem.code]).toEqual([403, "forbidden"]);
  expect(problem.detail).toContain("datasets");
  const me = (await (await api.ask("/v1/me", as(key))).json()) as Me;
  expect([me.handle, me.scopes, me.via]).toEqual(["bob", ["jobs"], "key"]);
});

test("a key for some things cannot make, list or revoke keys, but for itself", async () => {
  const cleo = await api.member("cleo");
  const narrow = await newKey(cleo, ["runners"]);
  const wide = await newKey(cleo, ["jobs"]);
  const { headers } = as(narrow.key);
  const make = post({ name: "more", scopes: ["wallet"] }, headers);
  expect((await api.ask("/v1/keys", make)).status).toBe(403);
  expect((await api.ask("/v1/keys", { headers })).status).toBe(403);
  const revoke = (id: string) => api.ask(`/v1/keys/${id}`, { method: "DELETE", headers });
  expect((await revoke(wide.id)).status).toBe(403);
  expect((await revoke(narrow.id)).status).toBe(204);
  expect((await api.ask("/v1/me", { headers })).status).toBe(401);
});

test("a revoked key is refused at once, though it was in use", async () => {
  const dora = await api.member("dora");
  const { key, id } = await newKey(dora, ["jobs"]);
  expect((await api.ask("/v1/jobs", as(key))).status).toBe(200);
  expect((await dora.ask(`/v1/keys/${id}`, { method: "DELETE" })).status).toBe(204);
  const refused = await api.ask("/v1/jobs", as(key));
  expect([refused.status, await codeOf(refused)]).toEqual([401, "unauthorized"]);
  expect((await dora.ask(`/v1/keys/${id}`, { method: "DELETE" })).status).toBe(404);
});

test("another account's key cannot be seen or revoked", async () => {
  const [emil, fay] = [await api.member("emil"), await api.member("fay")];
  const { id, key } = await newKey(emil, ["jobs"]);
  expect((await keysOf(fay)).map((one) => one.id)).not.toContain(id);
  const revoke = await fay.ask(`/v1/keys/${id}`, { method: "DELETE" });
  expect([revoke.status, await codeOf(revoke)]).toEqual([404, "not-found"]);
  expect((await api.ask("/v1/me", as(key))).status).toBe(200);
});

test("a key that has expired is refused, also from memory", async () => {
  const gus = await api.member("gus");
  const { key, id, expiresAt } = await newKey(gus, ["jobs"], { expiresInDays: 1 });
  expect(Date.parse(expiresAt!)).toBeGreaterThan(Date.now() + 86_000_000);
  expect((await api.ask("/v1/jobs", as(key))).status).toBe(200);
  const past = api.deps.database.client.prepare(
    "update api_keys set expires_at_ms = ? where id = ?",
  );
  past.run(Date.now() - 1, id);
  api.deps.keyCheck.forgetKey(id);
  expect(await codeOf(await api.ask("/v1/jobs", as(key)))).toBe("unauthorized");
  expect(await codeOf(await api.ask("/v1/jobs", as(key)))).toBe("unauthorized");
});

test("last use is shown at once and written with the others", async () => {
  const hal = await api.member("hal");
  const { key, id } = await newKey(hal, ["jobs"]);
  expect((await keysOf(hal))[0]!.lastUsedAt).toBeNull();
  await api.ask("/v1/jobs", as(key));
  const shown = (await keysOf(hal))[0]!.lastUsedAt!;
  expect(Math.abs(Date.parse(shown) - Date.now())).toBeLessThan(10_000);
  const written = () =>
    api.deps.database.client
      .prepare("select last_used_at_ms from api_keys where id = ?")
      .pluck()
      .get(id);
  expect(written()).toBeNull();
  api.deps.upkeep.turn();
  expect(written()).toBe(Date.parse(shown));
  expect((await keysOf(hal))[0]!.lastUsedAt).toBe(shown);
});

test("an account has at most so many keys", async () => {
  const ida = await api.member("ida");
  for (let i = 1; i < api.deps.config.quotas.keys; i++) await newKey(ida, ["jobs"]);
  const more = await ida.ask("/v1/keys", post({ name: "k", scopes: ["jobs"] }));
  expect([more.status, await codeOf(more)]).toEqual([409, "quota-exceeded"]);
});

test("the same Idempotency-Key makes the same key, and it is kept nowhere", async () => {
  const jon = await api.member("jon");
  const headers = { "idempotency-key": "one" };
  const request = post({ name: "k", scopes: ["jobs"] }, headers);
  const first = (await jon.json<CreatedKey>("/v1/keys", request)).body;
  const again = (await jon.json<CreatedKey>("/v1/keys", request)).body;
  expect(again).toEqual(first);
  const other = await jon.ask("/v1/keys", post({ name: "k", scopes: ["wallet"] }, headers));
  expect(await codeOf(other)).toBe("idempotency-conflict");
  const kim = await api.member("kim");
  expect((await kim.json<CreatedKey>("/v1/keys", request)).body.key).not.toBe(first.key);
  const kept = api.deps.database.client.prepare("select * from idempotency").all();
  expect(JSON.stringify(kept)).not.toContain(first.key);
});

test.each([
  [{ name: "", scopes: ["jobs"] }],
  [{ name: "a\u0000b", scopes: ["jobs"] }],
  [{ name: "k", scopes: [] }],
  [{ name: "k", scopes: ["everything"] }],
  [{ name: "k", scopes: ["jobs"], expiresInDays: 0 }],
  [{ name: "k", scopes: ["jobs"], expiresInDays: 1e9 }],
])("a key like %j is refused", async (request) => {
  expect((await api.ask("/v1/keys", post(request))).status).toBe(400);
});

test("the key of credentials.json is the operator's, in the list, and not to be revoked by the way", async () => {
  const { items } = (await api.json<{ items: ApiKey[] }>("/v1/keys")).body;
  expect(items).toMatchObject([{ name: "credentials.json", id: "key_credentials" }]);
  const revoke = await api.ask("/v1/keys/key_credentials", { method: "DELETE" });
  expect(await codeOf(revoke)).toBe("conflict");
});

test("an operator's key for some things does not give an operator's power", async () => {
  const { key, id } = await newKey(api, ["runners"]);
  expect((await api.ask("/v1/accounts", as(key))).status).toBe(403);
  await api.ask(`/v1/keys/${id}`, { method: "DELETE" });
});

test("a runner whose key is revoked is disconnected, and what it held is pending again", async () => {
  const lea = await api.member("lea");
  const { key, id } = await newKey(lea, ["runners"]);
  const socket = `${api.url.replace("http", "ws")}/v1/runner`;
  const runner = await ScriptedRunner.connect(socket, "lea-1", { key, works: false });
  const spec = jobSpecOf({ id: "job_revoked", kind: "map", owner: lea.account });
  await api.deps.jobs.submit(spec);
  await runner.until(() => runner.all("run")[0]);
  expect((await lea.ask(`/v1/keys/${id}`, { method: "DELETE" })).status).toBe(204);
  await runner.until(() => runner.closedWith);
  expect(runner.closedWith).toBe(4003);
  expect(api.deps.gateway.runners()).toEqual([]);
  const state = await api.deps.jobs.read("job_revoked");
  expect(state?.endedAtMs).toBeUndefined();
  const other = await ScriptedRunner.connect(socket, "lea-2", { key: lea.key });
  await other.until(() => other.all("run")[0]);
  other.terminate();
});

test("a runner cannot come with a session or a key for other things", async () => {
  const mo = await api.member("mo");
  const { key } = await newKey(mo, ["jobs"]);
  const upgrade = (headers: Record<string, string>) =>
    fetch(`${api.url}/v1/runner`, { headers: { ...headers } });
  expect((await upgrade({ cookie: mo.cookie })).status).toBeGreaterThanOrEqual(400);
  const socket = `${api.url.replace("http", "ws")}/v1/runner`;
  await expect(ScriptedRunner.connect(socket, "mo-1", { key })).rejects.toThrow("403");
});

test("a key revoked while its job runs: the job goes on, the key is refused", async () => {
  const ned = await api.member("ned");
  const { key, id } = await newKey(ned, ["jobs"]);
  const spec = jobSpecOf({ id: "job_goes_on", kind: "map", owner: ned.account });
  await api.deps.jobs.submit(spec);
  await ned.ask(`/v1/keys/${id}`, { method: "DELETE" });
  expect((await api.ask("/v1/jobs", as(key))).status).toBe(401);
  expect((await api.deps.jobs.read("job_goes_on"))?.endedAtMs).toBeUndefined();
});
