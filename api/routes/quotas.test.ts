import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AccountDetail, Me } from "../../protocol/http-accounts.ts";
import type { Problem } from "../../protocol/http-common.ts";
import type { Dataset } from "../../protocol/http-datasets.ts";
import type { QuotaName } from "../../protocol/quotas.ts";
import { ScriptedRunner } from "../gateway/testing/scripted-runner.ts";
import { type Asking, post, startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  const quotas = { functions: 1, versions: 2, datasets: 2, datasetBytes: 1_000 };
  api = await startTestApi({ quotas: { ...quotas, activeJobs: 3, keys: 5, runners: 1 } });
  api.seedFunction("double");
});
afterAll(() => api.end());

const source = (title: string) => `import { items, map } from "sparegrid";
export default map({ title: "${title}", input: items(), map: (value) => value });`;
const publish = (who: Asking, name: string, title: string) =>
  who.json<Problem>("/v1/functions", post({ name, source: source(title) }));
const upload = (who: Asking, bytes: number) =>
  who.json<Dataset & Problem>("/v1/datasets?format=lines", post(`${"a".repeat(bytes - 1)}\n`));
const submit = (who: Asking) =>
  who.json<Problem & { id: string }>("/v1/jobs", post({ function: "double", input: [1] }));
const remove = { method: "DELETE" };
const patch = (body: unknown) => ({ ...post(body), method: "PATCH" });

function expectRefused({ status, body }: { status: number; body: Problem }, quota: QuotaName) {
  expect([status, body.code, body.details?.name]).toEqual([409, "quota-exceeded", quota]);
}

describe("a member has at most so many", () => {
  test("functions, and versions of them; what is there already may come again", async () => {
    const ann = await api.member("ann");
    expect((await publish(ann, "one", "first")).status).toBe(201);
    expectRefused(await publish(ann, "two", "first"), "functions");
    expect((await publish(ann, "one", "second")).status).toBe(201);
    expectRefused(await publish(ann, "one", "third"), "versions");
    expect((await publish(ann, "one", "first")).status).toBe(200);
    const forked = await ann.json<Problem>("/v1/functions/operator/double/fork", post({}));
    expectRefused(forked, "functions");
  });

  test("datasets and bytes of them; what is deleted gives room", async () => {
    const bea = await api.member("bea");
    const first = await upload(bea, 600);
    expect(first.status).toBe(201);
    expectRefused(await upload(bea, 600), "datasetBytes");
    expect((await upload(bea, 10)).status).toBe(201);
    expectRefused(await upload(bea, 10), "datasets");
    expect((await bea.ask(`/v1/datasets/${first.body.id}`, remove)).status).toBe(204);
    expect((await upload(bea, 600)).status).toBe(201);
  });

  test("jobs that have not ended, also when they come at once", async () => {
    const cid = await api.member("cid");
    const submitted = await Promise.all(Array.from({ length: 8 }, () => submit(cid)));
    const taken = submitted.filter(({ status }) => status === 202);
    expect(taken).toHaveLength(3);
    for (const refused of submitted.filter(({ status }) => status !== 202))
      expectRefused(refused, "activeJobs");
    await cid.ask(`/v1/jobs/${taken[0]!.body.id}/cancel`, post(""));
    expect((await submit(cid)).status).toBe(202);
  });

  test("runners at once; the same one may come back", async () => {
    const dan = await api.member("dan");
    const address = `${api.url.replace("http", "ws")}/v1/runner`;
    const connect = (name: string) => ScriptedRunner.connect(address, name, { key: dan.key });
    const first = await connect("box");
    const again = await connect("box");
    const other = connect("another");
    await expect(other).rejects.toThrow("quota-exceeded");
    for (const runner of [first, again]) runner.terminate();
    await expect.poll(() => api.deps.gateway.lends(dan.account)).toBe(false);
    (await connect("another")).terminate();
  });
});

test("what one has and may have is shown, and an operator may allow more", async () => {
  const eve = await api.member("eve");
  await publish(eve, "one", "first");
  const quotas = async () => (await eve.json<Me>("/v1/me")).body.quotas;
  expect(await quotas()).toMatchObject({
    functions: { used: 1, max: 1 },
    versions: { used: 1, max: 2 },
    keys: { used: 1, max: 5 },
  });
  const change = { quotas: { functions: 2, versions: 3 } };
  const changed = await api.json<AccountDetail>("/v1/accounts/eve", patch(change));
  expect(changed.body.quotas.functions).toEqual({ used: 1, max: 2 });
  expect((await publish(eve, "two", "first")).status).toBe(201);
  const back = { quotas: { functions: null } };
  expect((await api.ask("/v1/accounts/eve", patch(back))).status).toBe(200);
  // What there is stays.
  expect(await quotas()).toMatchObject({
    functions: { used: 2, max: 1 },
    versions: { used: 2, max: 3 },
  });
  expectRefused(await publish(eve, "three", "first"), "functions");
});

test.each([{ quotas: { functions: -1 } }, { quotas: { functions: 1.5 } }, { quotas: { cats: 1 } }])(
  "%j is refused",
  async (change) => {
    expect((await api.ask("/v1/accounts/operator", patch(change))).status).toBe(400);
  },
);

test("operators are bounded by nothing but the number of keys", async () => {
  const { quotas } = (await api.json<Me>("/v1/me")).body;
  const bounded = Object.entries(quotas).flatMap(([name, { max }]) => (max === null ? [] : name));
  expect(bounded).toEqual(["keys"]);
});
