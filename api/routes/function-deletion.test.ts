import { afterAll, beforeAll, expect, test } from "vitest";
import type { FunctionDetail, FunctionSummary, Published } from "../../protocol/http.ts";
import { post, startTestApi, type TestApi, type TestMember } from "../testing/test-api.ts";

let api: TestApi;
let ada: TestMember;
let bob: TestMember;
beforeAll(async () => {
  const others = {
    versions: 99,
    datasets: 9,
    datasetBytes: 1_000,
    activeJobs: 9,
    keys: 9,
    runners: 9,
  };
  const quotas = { functions: 2, ...others };
  api = await startTestApi({ blobGraceMs: 200, quotas });
  [ada, bob] = [await api.member("ada"), await api.member("bob")];
});
afterAll(() => api.end());

const source = (title: string) => `import { items, map } from "sparegrid";
export default map({ title: "${title}", input: items<number>(), map: (n) => n });`;
const remove = { method: "DELETE" };

async function publish(name: string, title = name): Promise<Published> {
  const body = { name, source: source(title), visibility: "public" };
  const answer = await ada.json<Published>("/v1/functions", post(body));
  expect(answer.status).toBe(201);
  return answer.body;
}

const blob = (digest: string) => api.deps.store.blobs.get(digest);

test("a deleted function is gone for everyone, and so are its bundle and its place in the quota", async () => {
  const { version } = await publish("one");
  await publish("two");
  expect((await bob.ask("/v1/functions/ada/one", remove)).status).toBe(403);
  expect((await ada.ask("/v1/functions/one", remove)).status).toBe(204);
  for (const who of [ada, bob]) {
    expect((await who.ask("/v1/functions/ada/one")).status).toBe(404);
    expect((await who.ask("/v1/functions/ada/one/invoke", post({ input: [1] }))).status).toBe(404);
    expect((await who.ask(`/v1/functions/ada/one/versions/${version}`)).status).toBe(404);
    expect((await who.ask(`/v1/rates/${version}`)).status).toBe(404);
    const { body } = await who.json<{ items: FunctionSummary[] }>("/v1/functions?q=one");
    expect(body.items).toEqual([]);
  }
  expect((await ada.ask("/v1/functions/one", remove)).status).toBe(404);
  await expect.poll(() => blob(version), { timeout: 25_000 }).toBeUndefined();
  await publish("three");
  await ada.ask("/v1/functions/two", remove);
  await ada.ask("/v1/functions/three", remove);
});

test("a job under way keeps what it needs until it ends; a new function may have the name meanwhile", async () => {
  const { version } = await publish("busy", "Before");
  const { body: job } = await ada.json<{ id: string }>(
    "/v1/jobs",
    post({ function: "busy", input: [1] }),
  );
  expect((await ada.ask("/v1/functions/busy", remove)).status).toBe(204);
  expect((await ada.ask("/v1/jobs", post({ function: "busy", input: [1] }))).status).toBe(404);
  api.deps.catalog.functions.purge(100);
  expect(api.deps.catalog.functions.sourceMap(version)).toBeDefined();
  const again = await publish("busy", "After");
  const { body: detail } = await ada.json<FunctionDetail>("/v1/functions/busy");
  expect(detail.versions.map((one) => one.version)).toEqual([again.version]);
  expect(await blob(version)).toBeDefined();

  expect((await ada.json(`/v1/jobs/${job.id}/cancel`, post(""))).status).toBe(200);
  expect((await ada.json(`/v1/jobs/${job.id}`)).body).toMatchObject({ function: "ada/busy" });
  await expect.poll(() => blob(version), { timeout: 25_000 }).toBeUndefined();
  expect(await blob(again.version)).toBeDefined();
  await ada.ask("/v1/functions/busy", remove);
});

test("a fork stays, with its bundle, and still says where it came from", async () => {
  const { version } = await publish("origin");
  expect((await bob.ask("/v1/functions/ada/origin/fork", post({}))).status).toBe(201);
  await ada.ask("/v1/functions/origin", remove);
  api.deps.catalog.functions.purge(100);
  const { body } = await bob.json<FunctionDetail>("/v1/functions/origin");
  expect(body.forkedFrom).toEqual({ name: "ada/origin", version });
  expect(await blob(version)).toBeDefined();
});

test("the same function again is a new one, with a royalty of its own", async () => {
  await publish("again");
  await ada.ask("/v1/functions/again", remove);
  const body = { name: "again", source: source("again"), royaltyPercent: 3 };
  const { status, body: made } = await ada.json<Published>("/v1/functions", post(body));
  expect([status, made.royaltyPercent, made.visibility]).toEqual([201, 3, "private"]);
  api.deps.catalog.functions.purge(100);
  expect(await blob(made.version)).toBeDefined();
});
