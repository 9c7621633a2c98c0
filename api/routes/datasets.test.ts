import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Dataset, DatasetDetail } from "../../protocol/http-datasets.ts";
import { post, startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ datasetBytesMax: 8_000_000, blobGraceMs: 500 });
  api.seedFunction("count", { input: { type: "dataset", format: "lines" } });
});
afterAll(() => api.end());

async function upload(query: string, body: string | Buffer, headers: Record<string, string> = {}) {
  const init = { method: "POST", body: body as string, headers };
  return api.json<Dataset>(`/v1/datasets?${query}`, init);
}

test("an upload is cut, described and previewed", async () => {
  const { status, body, headers } = await upload("format=csv&name=points", "x,y\n1,2\n3,4\n");
  expect(status).toBe(201);
  expect(body).toMatchObject({ name: "points", format: "csv", records: 2, shards: 1, skipped: 0 });
  expect(headers.get("location")).toBe(`/v1/datasets/${body.id}`);
  const { body: detail } = await api.json<DatasetDetail>(`/v1/datasets/${body.id}`);
  expect(detail.columns).toEqual(["x", "y"]);
  expect(detail.preview).toEqual([
    { x: "1", y: "2" },
    { x: "3", y: "4" },
  ]);
});

test("a compressed upload gives the same digest", async () => {
  const plain = await upload("format=lines", "a\nb\nc");
  const packed = await upload("format=lines", gzipSync("a\nb\nc"), { "content-encoding": "gzip" });
  expect(packed.body.digest).toBe(plain.body.digest);
});

test("a large upload passes through in shards", async () => {
  const { body } = await upload("format=lines", "0123456789\n".repeat(600_000));
  expect(body.records).toBe(600_000);
  expect(body.shards).toBeGreaterThan(5);
});

test("a malformed record is refused with its line, and leaves nothing behind", async () => {
  const before = (await api.json<{ items: Dataset[] }>("/v1/datasets")).body.items.length;
  const refused = await api.json("/v1/datasets?format=ndjson", post('{"a":1}\n{"a":\n'));
  expect(refused.status).toBe(422);
  expect(refused.body).toMatchObject({ code: "malformed-record", details: { line: 2 } });
  const after = (await api.json<{ items: Dataset[] }>("/v1/datasets")).body.items.length;
  expect(after).toBe(before);
  const skipped = await upload("format=ndjson&onBadRecord=skip", '{"a":1}\n{"a":\n');
  expect(skipped.body).toMatchObject({ records: 1, skipped: 1 });
});

test("an upload past the limit is refused while it comes", async () => {
  const { status, body } = await api.json(
    "/v1/datasets?format=lines",
    post("x\n".repeat(4_000_001)),
  );
  expect([status, body.code]).toEqual([413, "body-too-large"]);
});

test("a client that is still sending learns why its upload is refused", async () => {
  const { hostname, port } = new URL(api.url);
  const sent = request({
    hostname,
    port,
    method: "POST",
    path: "/v1/datasets?format=ndjson",
    headers: { authorization: `Bearer ${api.key}` },
  });
  sent.on("error", () => undefined);
  sent.write("{}\n{oops\n");
  const filler = setInterval(() => sent.write("{}\n".repeat(100_000)), 5);
  try {
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(422);
    expect(JSON.parse(await text(response))).toMatchObject({ details: { line: 2 } });
  } finally {
    clearInterval(filler);
    sent.destroy();
  }
});

test("an upload that is cut off is no dataset", async () => {
  const before = (await api.json<{ items: Dataset[] }>("/v1/datasets")).body.items.length;
  const { hostname, port } = new URL(api.url);
  const sent = request({
    hostname,
    port,
    method: "POST",
    path: "/v1/datasets?format=lines&name=cut",
    headers: { authorization: `Bearer ${api.key}`, "content-length": "1000000" },
  });
  sent.on("error", () => undefined);
  sent.write("some lines\n".repeat(1000));
  await new Promise((resolve) => setTimeout(resolve, 100));
  sent.destroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const after = (await api.json<{ items: Dataset[] }>("/v1/datasets")).body.items.length;
  expect(after).toBe(before);
});

test("datasets are listed page by page", async () => {
  for (let i = 0; i < 3; i++) await upload(`format=lines&name=page${i}`, `page ${i}`);
  const first = await api.json<{ items: Dataset[]; next: string }>("/v1/datasets?limit=2");
  expect(first.body.items.map(({ name }) => name)).toEqual(["page2", "page1"]);
  const rest = await api.json<{ items: Dataset[] }>(
    `/v1/datasets?limit=1&cursor=${first.body.next}`,
  );
  expect(rest.body.items.map(({ name }) => name)).toEqual(["page0"]);
});

test.each([
  ["lines", "format=lines", "a\r\nb", "a\nb\n", "text/plain"],
  ["text", "format=text", "one\ntwo", "one\ntwo", "text/plain"],
  ["csv", "format=csv", 'x,"y z"\n1,"2,3"\n', 'x,y z\n1,"2,3"\n', "text/csv"],
  ["ndjson", "format=ndjson", '{"a":1}\n\n[2]', '{"a":1}\n[2]\n', "application/x-ndjson"],
  ["matrix", "format=matrix&header=true", "u,v\n1,2.5\n", "u,v\n1,2.5\n", "text/csv"],
  ["bytes", "format=bytes", "\u0001z", "\u0001z", "application/octet-stream"],
])("%s is downloaded as one file", async (_format, query, sent, received, type) => {
  const { body } = await upload(`${query}&name=${encodeURIComponent('../"ü"')}`, sent);
  const response = await api.ask(`/v1/datasets/${body.id}/content`);
  expect(await response.text()).toBe(received);
  expect(response.headers.get("content-type")).toContain(type);
  expect(response.headers.get("content-disposition")).toMatch(/^attachment; filename="[\w.-]+"$/);
});

test("datasets are found by a part of their name and by format", async () => {
  await upload("format=lines&name=Whale%20songs", "a\n");
  await upload("format=csv&name=whales", "a\n1\n");
  const found = async (query: string) =>
    (await api.json<{ items: Dataset[] }>(`/v1/datasets?${query}`)).body.items.map(
      ({ name }) => name,
    );
  expect(await found("q=WHALE")).toEqual(["whales", "Whale songs"]);
  expect(await found("q=whale&format=lines")).toEqual(["Whale songs"]);
  expect(await found("q=%25")).toEqual([]);
});

test("jobs are listed by a dataset that they read", async () => {
  const { body } = await upload("format=lines", "a\n");
  const job = await api.json<{ id: string }>(
    "/v1/jobs",
    post({ function: "count", dataset: body.id }),
  );
  const list = await api.json<{ items: { id: string }[] }>(`/v1/jobs?dataset=${body.id}`);
  expect(list.body.items.map(({ id }) => id)).toEqual([job.body.id]);
  await api.json(`/v1/jobs/${job.body.id}/cancel`, { method: "POST" });
});

test("deleting removes, some time later, shards that no other dataset shares", async () => {
  const one = (await upload("format=lines&name=one", "shared by two")).body;
  const two = (await upload("format=lines&name=two", "shared by two")).body;
  expect(one.digest).toBe(two.digest);
  const gone = await api.ask(`/v1/datasets/${one.id}`, { method: "DELETE" });
  expect(gone.status).toBe(204);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const blob = async () => (await api.ask(`/v1/blobs/${two.digest}`)).status;
  expect(await blob()).toBe(200);
  await api.ask(`/v1/datasets/${two.id}`, { method: "DELETE" });
  await expect.poll(blob, { timeout: 20_000 }).toBe(404);
  expect((await api.ask(`/v1/datasets/${one.id}`, { method: "DELETE" })).status).toBe(404);
});

test("a dataset that a job reads stays until the job ends", async () => {
  const { body: dataset } = await upload("format=lines", "in use");
  const job = await api.json("/v1/jobs", post({ function: "count", dataset: dataset.id }));
  expect(job.status).toBe(202);
  const refused = await api.json(`/v1/datasets/${dataset.id}`, { method: "DELETE" });
  expect(refused.body).toMatchObject({ code: "dataset-in-use", details: { name: job.body.id } });
  await api.ask(`/v1/jobs/${job.body.id}/cancel`, post(""));
  const deleted = await api.ask(`/v1/datasets/${dataset.id}`, { method: "DELETE" });
  expect(deleted.status).toBe(204);
});

test("a job refuses a dataset of another format", async () => {
  const { body: dataset } = await upload("format=ndjson", "1\n2\n");
  const { body } = await api.json("/v1/jobs", post({ function: "count", dataset: dataset.id }));
  expect(body).toMatchObject({
    code: "wrong-input",
    details: { hint: "Upload the data with format=lines." },
  });
});

test("a blob is taken only under its own digest", async () => {
  const right = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
  const put = (digest: string) =>
    api.ask(`/v1/blobs/${digest}`, { method: "PUT", body: "hello" }).then(({ status }) => status);
  expect(await put("0".repeat(64))).toBe(400);
  expect(await put(right)).toBe(201);
  expect(await put(right)).toBe(200);
  const got = await api.ask(`/v1/blobs/${right}`);
  expect(await got.text()).toBe("hello");
  const head = await api.ask(`/v1/blobs/${right}`, { method: "HEAD" });
  expect([head.status, head.headers.get("content-length")]).toEqual([200, "5"]);
});
