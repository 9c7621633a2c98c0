import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Me } from "../../protocol/http-accounts.ts";
import type { Job } from "../../protocol/http-jobs.ts";
import { post, startTestApi, type TestApi, type TestMember } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  api.seedFunction("double");
});
afterAll(() => api.end());

const source = `import { items, map } from "sparegrid";
export default map({ title: "Mine", input: items(), map: (value) => value });`;
const change = (who: TestMember, body: object) =>
  who.json<Me & { code: string }>("/v1/me", { ...post(body), method: "PATCH" });
const signUp = async (handle: string) => {
  const request = { email: `${handle}@new.example.org`, password: "correct horse", handle };
  const response = await fetch(`${api.url}/v1/auth/sign-up/email`, post(request));
  return ((await response.json()) as { code?: string }).code;
};

describe("a handle that was changed", () => {
  test("goes on meaning the same account, and nobody else gets it", async () => {
    const [ann, eve] = [await api.member("ann"), await api.member("eve")];
    const mine = { name: "mine", source, visibility: "public" };
    await ann.json("/v1/functions", post(mine));
    expect((await change(ann, { handle: "anna" })).body.handle).toBe("anna");
    const found = await eve.json<{ name: string }>("/v1/functions/ann/mine");
    expect([found.status, found.body.name]).toEqual([200, "anna/mine"]);
    expect((await change(eve, { handle: "ann" })).body.code).toBe("handle-taken");
    expect(await signUp("ann")).toBe("handle-taken");
    const derived = { email: "ann@elsewhere.example", password: "correct horse" };
    const other = await fetch(`${api.url}/v1/auth/sign-up/email`, post(derived));
    expect(await other.json()).toMatchObject({ handle: "ann-2" });
    const granted = await api.json("/v1/ledger/grants", post({ account: "ann", credits: 1 }));
    expect(granted.status).toBe(201);
  });

  test("may be taken back by who had it", async () => {
    const bea = await api.member("bea");
    await change(bea, { handle: "beatrix" });
    expect((await change(bea, { handle: "bea" })).status).toBe(200);
    expect(await signUp("beatrix")).toBe("handle-taken");
    expect((await bea.ask("/v1/me")).status).toBe(200);
  });

  test("is free after a year", async () => {
    const cid = await api.member("cid");
    await change(cid, { handle: "cidney" });
    api.deps.database.client
      .prepare("update former_handles set until_ms = ? where account = ?")
      .run(Date.now(), cid.account);
    expect(await signUp("cid")).toBeUndefined();
  });

  test("is one of five at most, so that nobody collects them", async () => {
    const dan = await api.member("dan");
    for (let i = 1; i <= 5; i++)
      expect((await change(dan, { handle: `dan-${i}` })).status).toBe(200);
    expect((await change(dan, { handle: "dan-6" })).body.code).toBe("conflict");
    expect((await change(dan, { handle: "dan-2" })).status).toBe(200);
  });

  test("is the operator's for ever when it is the operator's", async () => {
    const me = { ...post({ handle: "root" }), method: "PATCH" };
    expect((await api.ask("/v1/me", me)).status).toBe(200);
    api.deps.database.client.prepare("delete from former_handles").run();
    expect(await signUp("operator")).toBe("handle-taken");
    const back = { ...post({ handle: "operator" }), method: "PATCH" };
    expect((await api.ask("/v1/me", back)).status).toBe(200);
  });
});

test("whose machines work for jobs that do not say is the account's to choose", async () => {
  const fay = await api.member("fay");
  const submitted = async () => {
    const request = post({ function: "double", input: [1] });
    return (await fay.json<Job & { code: string }>("/v1/jobs", request)).body;
  };
  expect((await fay.json<Me>("/v1/me")).body.defaultPool).toBeNull();
  expect((await submitted()).pool).toBe("everyone");
  expect((await change(fay, { defaultPool: "own" })).body.defaultPool).toBe("own");
  const waiting = await submitted();
  expect(waiting.pool).toBe("own");
  expect(waiting.waitingFor).toContain("No runner is connected");
  // By session, too.
  const body = { method: "POST", body: JSON.stringify({ function: "double", input: [1] }) };
  expect(await (await fay.browse("/v1/jobs", body)).json()).toMatchObject({ pool: "own" });

  expect((await change(fay, { defaultPool: "lab" })).status).toBe(404);
  await fay.json("/v1/pools", post({ name: "lab" }));
  expect((await change(fay, { defaultPool: "lab" })).body.defaultPool).toBe("fay/lab");
  const pooled = await submitted();
  expect(pooled.pool).toBe("fay/lab");
  await fay.ask(`/v1/jobs/${pooled.id}/cancel`, post(""));
  expect((await fay.ask("/v1/pools/fay/lab", { method: "DELETE" })).status).toBe(204);
  // Not everyone's machines instead, which would cost.
  expect((await submitted()).code).toBe("not-found");
  expect((await change(fay, { defaultPool: null })).body.defaultPool).toBeNull();
  expect((await submitted()).pool).toBe("everyone");
});
