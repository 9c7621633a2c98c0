import { afterAll, beforeAll, expect, test } from "vitest";
import type { Job } from "../../protocol/http-jobs.ts";
import { post, startTestApi, type TestApi } from "../testing/test-api.ts";
import { readManifest } from "./inputs.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  api.seedFunction("points", { input: { type: "dataset", format: "bytes", recordBytes: 4 } });
  api.seedFunction("whole", { input: { type: "dataset", format: "bytes" } });
});
afterAll(() => api.end());

async function submit(name: string, input: unknown) {
  return api.json<Job>("/v1/jobs", post({ function: name, input }));
}

async function inputOf(name: string, input: unknown) {
  const { status, body } = await submit(name, input);
  expect(status).toBe(202);
  const read = (await api.deps.jobs.read(body.id))!.spec.input;
  if (read.type !== "dataset") throw new Error("not a dataset");
  const { recordBytes } = await readManifest(api.deps.store.blobs, read.manifest);
  return { records: read.records, bytes: read.bytes, recordBytes };
}

test("inline bytes are cut by the function's record size", async () => {
  const expected = { records: 2, bytes: 8, recordBytes: 4 };
  const records = [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ];
  expect(await inputOf("points", records)).toEqual(expected);
  const base64 = Buffer.from(records.flat()).toString("base64");
  expect(await inputOf("points", base64)).toEqual(expected);
});

test("without a record size inline bytes are one record", async () => {
  expect(await inputOf("whole", [[1, 2, 3, 4, 5]])).toMatchObject({ records: 1, bytes: 5 });
});

test("bytes that do not fit the record size are refused", async () => {
  for (const [name, input, code] of [
    ["points", [[1, 2, 3]], "wrong-input"],
    ["points", [[1, 2, 3, 256]], "wrong-input"],
    ["points", Buffer.from([1, 2, 3, 4, 5]).toString("base64"), "malformed-record"],
    ["whole", [[1], [2]], "wrong-input"],
  ] as const) {
    const { status, body } = await submit(name, input);
    expect([status, body], JSON.stringify(input)).toMatchObject([422, { code }]);
  }
});
