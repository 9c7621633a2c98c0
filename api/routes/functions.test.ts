import { afterAll, beforeAll, expect, test } from "vitest";
import type { FunctionDetail, FunctionSummary, Published } from "../../protocol/http-functions.ts";
import { publishedSchema } from "../../protocol/http-functions.ts";
import { post, startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.end());

const source = `import { items, map } from "sparegrid";
export default map({
  title: "Scale",
  input: items<number>(),
  params: { factor: 2 },
  map: (value, { params }) => value * params.factor,
});`;

test("publishing the same source twice is one version", async () => {
  const request = post({ name: "scale", source, readme: "# Scale" });
  const first = await api.json<Published>("/v1/functions", request);
  expect(first.body).toMatchObject({ name: "operator/scale", kind: "map", title: "Scale" });
  expect(first.status).toBe(201);
  expect(publishedSchema.parse(first.body).params.properties.factor).toMatchObject({ default: 2 });
  const second = await api.json<Published>("/v1/functions", request);
  expect([second.status, second.body.version]).toEqual([200, first.body.version]);
  const changed = source.replace("factor: 2", "factor: 3");
  const third = await api.json<Published>(
    "/v1/functions",
    post({ name: "scale", source: changed }),
  );
  expect(third.status).toBe(201);

  const { body: detail } = await api.json<FunctionDetail>("/v1/functions/scale");
  expect(detail.version).toBe(third.body.version);
  expect(detail.versions).toHaveLength(2);
  const short = first.body.version.slice(0, 8);
  const old = await api.json<FunctionDetail>(`/v1/functions/scale/versions/${short}`);
  expect(old.body).toMatchObject({ version: first.body.version, source, readme: "# Scale" });
  const { body: list } = await api.json<{ items: FunctionSummary[] }>("/v1/functions");
  expect(list.items).toMatchObject([
    { name: "operator/scale", versions: 2, version: third.body.version },
  ]);
  const bundle = await api.ask(`/v1/blobs/${third.body.version}`);
  expect(bundle.status).toBe(200);
});

test("a syntax error is located in the author's source", async () => {
  const { status, body } = await api.json(
    "/v1/functions",
    post({ name: "broken", source: 'import { map } from "sparegrid";\nexport default map({' }),
  );
  expect([status, body.code]).toEqual([422, "syntax-error"]);
  expect(body.details).toMatchObject({ at: { line: 2 } });
});

test.each(["Bad", "a--b", "-a", "a_b", "", "x".repeat(65)])("%j is no name", async (name) => {
  const { status, body } = await api.json("/v1/functions", post({ name, source }));
  expect([status, body.code]).toEqual([400, "bad-request"]);
});
