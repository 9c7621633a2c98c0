import { afterAll, beforeAll, expect, test } from "vitest";
import type { Job } from "../../protocol/http-jobs.ts";
import { post, startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  api.seedFunction("double", {
    params: { factor: { type: "integer", default: 2 }, name: { type: "string", default: "x" } },
  });
});
afterAll(() => api.end());

const submit = (body: object) => api.json<Job>("/v1/jobs", post({ function: "double", ...body }));
const again = (id: string, body: object = {}, headers = {}) =>
  api.json<Job & { code?: string }>(`/v1/jobs/${id}/again`, post(body, headers));
const specOf = (id: string) => api.deps.catalog.jobs.find(id)?.spec;

test("a job is run again over the same input, with the parameters that were given", async () => {
  const { body: first } = await submit({ input: [1, 2, 3], seed: 7, params: { factor: 3 } });
  const { status, headers, body: second } = await again(first.id, { params: { name: "y" } });
  expect(status).toBe(202);
  expect(headers.get("location")).toBe(`/v1/jobs/${second.id}`);
  expect(second).toMatchObject({ seed: 7, records: 3, params: { factor: 3, name: "y" } });
  expect(second.id).not.toBe(first.id);
  expect(specOf(second.id)?.input).toEqual(specOf(first.id)?.input);
});

test("the new job keeps the inline input when the old one is forgotten", async () => {
  const { catalog } = api.deps;
  const { body: first } = await submit({ input: [4, 5, 6] });
  const { body: second } = await again(first.id);
  const { input } = specOf(second.id)!;
  if (input.type !== "dataset") throw new Error("no dataset");
  for (const dataset of catalog.datasets.ofJob(first.id)) {
    catalog.blobRefs.release(dataset);
    catalog.datasets.remove(dataset);
  }
  expect(catalog.blobRefs.unheld([input.manifest])).toEqual([]);
  expect(catalog.datasets.ofJob(second.id)).toHaveLength(1);
});

test("the same Idempotency-Key makes one job", async () => {
  const { body: first } = await submit({ input: [9] });
  const headers = { "idempotency-key": "again-once" };
  const answers = [await again(first.id, {}, headers), await again(first.id, {}, headers)];
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
});

test("what does not fit is refused, and so is a job whose input is gone", async () => {
  const { body: first } = await submit({ input: [1] });
  expect((await again(first.id, { params: { factor: "x" } })).body.code).toBe("bad-param");
  expect((await again(first.id, { params: { facto: 1 } })).body.code).toBe("unknown-param");
  expect((await again(first.id, { budget: -1 })).body.code).toBe("bad-request");
  expect((await again("job_nothing")).body.code).toBe("not-found");
  api.deps.catalog.jobs.gone(first.id);
  expect((await again(first.id)).body.code).toBe("result-gone");
});
