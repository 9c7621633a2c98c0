import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Dataset } from "../../protocol/http-datasets.ts";
import type { Published } from "../../protocol/http-functions.ts";
import type { Job } from "../../protocol/http-jobs.ts";
import { operator } from "../testing/operator.ts";
import {
  type Asking,
  post,
  startTestApi,
  type TestApi,
  type TestMember,
} from "../testing/test-api.ts";

let api: TestApi;
let ada: TestMember;
let bob: TestMember;
beforeAll(async () => {
  api = await startTestApi();
  [ada, bob] = [await api.member("ada"), await api.member("bob")];
  api.seedFunction("double");
  api.seedFunction("count", { input: { type: "dataset", format: "lines" } });
  api.seedFunction("predict", { uses: { model: {} } });
});
afterAll(() => api.end());

const source = (title: string) => `import { items, map } from "sparegrid";
export default map({ title: "${title}", input: items<number>(), map: (value) => value });`;
const patch = (body: unknown): RequestInit => ({ ...post(body), method: "PATCH" });
const remove: RequestInit = { method: "DELETE" };

async function publish(who: Asking, name: string, more: object = {}) {
  return who.json<Published>("/v1/functions", post({ name, source: source(name), ...more }));
}

async function upload(who: Asking, name: string, query = ""): Promise<Dataset> {
  const init = { method: "POST", body: `a\nb of ${name}` };
  return (await who.json<Dataset>(`/v1/datasets?format=lines&name=${name}${query}`, init)).body;
}

async function submit(who: Asking): Promise<Job> {
  return (await who.json<Job>("/v1/jobs", post({ function: "double", input: [1] }))).body;
}

describe("what is private is not there for anyone else, the operator included", () => {
  let dataset: Dataset;
  let job: Job;
  beforeAll(async () => {
    await publish(ada, "secret");
    dataset = await upload(ada, "mine");
    job = await submit(ada);
  });

  const input = { function: "double", input: [1] };
  const cases: [string, () => [path: string, init?: RequestInit]][] = [
    ["a function", () => ["/v1/functions/ada/secret"]],
    ["it, with its name in one piece", () => ["/v1/functions/ada%2Fsecret"]],
    ["its version", () => ["/v1/functions/ada/secret/versions/latest"]],
    ["a change of it", () => ["/v1/functions/ada/secret", patch({ visibility: "public" })]],
    ["a fork of it", () => ["/v1/functions/ada/secret/fork", post({})]],
    ["a call of it", () => ["/v1/functions/ada/secret/invoke", post({ input: [1] })]],
    ["a job of it", () => ["/v1/jobs", post({ ...input, function: "ada/secret" })]],
    ["a dataset", () => [`/v1/datasets/${dataset.id}`]],
    ["its visibility", () => [`/v1/datasets/${dataset.id}`, patch({ visibility: "public" })]],
    ["its deletion", () => [`/v1/datasets/${dataset.id}`, remove]],
    ["a job on it", () => ["/v1/jobs", post({ function: "count", dataset: dataset.id })]],
    ["it as a constant", () => ["/v1/jobs", post({ ...use(`dataset:${dataset.id}`), input: [1] })]],
    ["a job", () => [`/v1/jobs/${job.id}`]],
    ["its events", () => [`/v1/jobs/${job.id}/events`]],
    ["its result", () => [`/v1/jobs/${job.id}/result`]],
    ["its end", () => [`/v1/jobs/${job.id}/cancel`, post("")]],
    ["its result as a constant", () => ["/v1/jobs", post({ ...use(`job:${job.id}`), input: [1] })]],
  ];
  test.each(cases)("%s", async (_what, request) => {
    const [path, init] = request();
    for (const other of [bob, api]) {
      const { status, body } = await other.json(path, init);
      expect([status, body.code]).toEqual([404, "not-found"]);
    }
    // The very same words for what does not exist at all.
    const nothing = (text: string) => text.replace("secret", "nobody").replace(/_[0-9a-z]+/, "_0");
    const missing = await bob.json(nothing(path), init);
    const { body } = await bob.json(path, init);
    if (!path.startsWith("/v1/jobs") || init === undefined)
      expect(nothing(String(body.detail))).toBe(nothing(String(missing.body.detail)));
    expect((await ada.ask(`/v1/datasets/${dataset.id}`)).status).toBe(200);
    expect((await ada.json<Job>(`/v1/jobs/${job.id}`)).body.status).toBe("queued");
  });

  test("lists hold one's own", async () => {
    const ids = async (who: Asking, path: string) =>
      (await who.json<{ items: { id?: string; name?: string }[] }>(path)).body.items.map(
        ({ id, name }) => id ?? name,
      );
    expect(await ids(ada, "/v1/datasets")).toContain(dataset.id);
    expect(await ids(ada, "/v1/jobs")).toContain(job.id);
    expect(await ids(ada, "/v1/functions")).toContain("ada/secret");
    for (const other of [bob, api]) {
      expect(await ids(other, "/v1/datasets")).not.toContain(dataset.id);
      expect(await ids(other, "/v1/jobs")).not.toContain(job.id);
      expect(await ids(other, "/v1/functions")).not.toContain("ada/secret");
      expect(await ids(other, "/v1/functions?owner=ada&q=secret")).toEqual([]);
    }
  });
});

describe("the operator sees everyone's with all=true, and no one else does", () => {
  test("jobs, and ends them", async () => {
    const job = await submit(ada);
    const list = await api.json<{ items: Job[] }>("/v1/jobs?all=true");
    expect(list.body.items.map(({ id }) => id)).toContain(job.id);
    expect((await api.json<Job>(`/v1/jobs/${job.id}?all=true`)).body.id).toBe(job.id);
    const ended = await api.json<Job>(`/v1/jobs/${job.id}/cancel?all=true`, post(""));
    expect(ended.body.status).toBe("cancelled");
  });

  test.each(["/v1/jobs", "/v1/runners"])("%s", async (path) => {
    expect((await api.ask(`${path}?all=true`)).status).toBe(200);
    expect((await ada.ask(`${path}?all=false`)).status).toBe(200);
    const { status, body } = await ada.json(`${path}?all=true`);
    expect([status, body.code]).toEqual([403, "forbidden"]);
  });
});

describe("datasets that are shared", () => {
  test("whoever knows an unlisted one reads it, and runs on it", async () => {
    const { id } = await upload(ada, "unlisted", "&visibility=unlisted");
    expect((await bob.json(`/v1/datasets/${id}`)).body).toMatchObject({ owner: "ada" });
    const list = await bob.json<{ items: Dataset[] }>("/v1/datasets?visibility=public");
    expect(list.body.items.map((one) => one.id)).not.toContain(id);
    const job = await bob.json("/v1/jobs", post({ function: "count", dataset: id }));
    expect(job.status).toBe(202);
    const gone = await ada.json(`/v1/datasets/${id}`, remove);
    expect([gone.status, gone.body.code]).toEqual([409, "dataset-in-use"]);
    expect(JSON.stringify(gone.body)).not.toContain(String(job.body.id));
    await bob.ask(`/v1/jobs/${job.body.id}/cancel`, post(""));
    expect((await ada.ask(`/v1/datasets/${id}`, remove)).status).toBe(204);
  });

  test("everyone finds a public one, and only its owner changes or deletes it", async () => {
    const { id } = await upload(ada, "everyone");
    const shared = await ada.json(`/v1/datasets/${id}`, patch({ visibility: "public" }));
    expect(shared.body).toMatchObject({ id, visibility: "public" });
    const list = await bob.json<{ items: Dataset[] }>("/v1/datasets?visibility=public");
    expect(list.body.items).toMatchObject([{ id, owner: "ada", name: "everyone" }]);
    for (const init of [patch({ visibility: "private" }), remove])
      for (const other of [bob, api])
        expect((await other.ask(`/v1/datasets/${id}`, init)).status).toBe(403);
    await ada.ask(`/v1/datasets/${id}`, patch({ visibility: "private" }));
    expect((await bob.ask(`/v1/datasets/${id}`)).status).toBe(404);
  });
});

test("a call is known by its id to whoever made it", async () => {
  const version = api.deps.versions.find(operator, "double");
  const id = "call_0000000000000000000000000";
  const times = { createdAtMs: 1, endedAtMs: 2 };
  const body = Buffer.from("[1]");
  api.deps.calls.add({
    id,
    owner: ada.account,
    version,
    seed: 0,
    params: {},
    ...times,
    fuel: 1,
    costMicro: 0,
    body,
  });
  for (const path of [`/v1/jobs/${id}`, `/v1/jobs/${id}/result`, `/v1/jobs/${id}/events`]) {
    expect((await ada.ask(path)).status).toBe(200);
    for (const other of [bob, api]) expect((await other.ask(path)).status).toBe(404);
  }
  expect((await api.ask(`/v1/jobs/${id}?all=true`)).status).toBe(200);
});

describe("namespaces", () => {
  test("two owners may use one name, and each finds his own by it", async () => {
    await publish(ada, "twin", { visibility: "public" });
    await publish(bob, "bob/twin");
    expect((await bob.json("/v1/functions/twin")).body.name).toBe("bob/twin");
    expect((await ada.json("/v1/functions/twin")).body.name).toBe("ada/twin");
    expect((await bob.json("/v1/functions/ada/twin")).body.name).toBe("ada/twin");
    const job = await bob.json<Job>("/v1/jobs", post({ function: "ada/twin", input: [1] }));
    expect(job.body.function).toBe("ada/twin");
    const of = async (name: string) =>
      (await bob.json<{ items: Job[] }>(`/v1/jobs?function=${name}`)).body.items.length;
    expect([await of("twin"), await of("ada/twin"), await of("nobody/twin")]).toEqual([0, 1, 0]);
  });

  test.each(["bob/mine", "operator/mine"])("%s is not ada's to publish", async (name) => {
    const { status, body } = await publish(ada, name);
    expect([status, body]).toMatchObject([403, { code: "forbidden" }]);
  });

  test("not even the operator publishes in another's name", async () => {
    expect((await publish(api, "ada/gift")).status).toBe(403);
  });

  test.each(["invoke", "versions", "me", "all"])("%s is no name for a function", async (name) => {
    const { status, body } = await publish(ada, name);
    expect([status, body]).toMatchObject([400, { detail: "The name: this word is taken." }]);
  });

  test("a function's name follows its owner's handle", async () => {
    const carl = await api.member("carl");
    await publish(carl, "moves", { visibility: "public" });
    const job = await bob.json<Job>("/v1/jobs", post({ function: "carl/moves", input: [1] }));
    const changed = await carl.ask("/v1/me", patch({ handle: "karl" }));
    expect(changed.status).toBe(200);
    expect((await bob.json("/v1/functions/karl/moves")).body.name).toBe("karl/moves");
    // The old name means it still, and says the new one.
    expect((await bob.json("/v1/functions/carl/moves")).body.name).toBe("karl/moves");
    expect((await bob.json<Job>(`/v1/jobs/${job.body.id}`)).body.function).toBe("karl/moves");
  });
});

test("two accounts may use the same Idempotency-Key", async () => {
  const headers = { "idempotency-key": "same" };
  const request = post({ function: "double", input: [1] }, headers);
  const [one, other] = [
    await ada.json<Job>("/v1/jobs", request),
    await bob.json<Job>("/v1/jobs", request),
  ];
  expect([one.status, other.status]).toEqual([202, 202]);
  expect(other.body.id).not.toBe(one.body.id);
  expect((await ada.json<Job>("/v1/jobs", request)).body.id).toBe(one.body.id);
});

function use(binding: string): object {
  return { function: "predict", uses: { model: binding } };
}
