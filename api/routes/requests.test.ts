import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Problem, problemSchema } from "../../protocol/http-common.ts";
import { jsonBodyBytesMax } from "../../protocol/limits.ts";
import { post, startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  api.seedFunction("double", {
    params: { factor: { type: "integer", default: 2, minimum: 1 } },
  });
  api.seedFunction("predict", { uses: { model: {} } });
  api.seedFunction("count", { input: { type: "dataset", format: "lines" } });
  api.seedFunction("pi", { input: { type: "range" } });
});
afterAll(() => api.end());

async function problem(path: string, init?: RequestInit): Promise<Problem> {
  const response = await api.ask(path, init);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const body = problemSchema.parse(await response.json());
  expect(body.status).toBe(response.status);
  expect(body.instance).toBe(path.split("?")[0]);
  return body;
}

const job = (body: object) => post({ function: "double", input: [1], ...body });

test.each<[string, string, RequestInit | undefined, number, string]>([
  ["malformed JSON", "/v1/jobs", post('{"function": "double",\n oops}'), 400, "bad-request"],
  ["an empty body", "/v1/jobs", post(""), 400, "bad-request"],
  ["a body that is no object", "/v1/jobs", post("[]"), 400, "bad-request"],
  ["an unknown field", "/v1/jobs", job({ colour: 1 }), 400, "bad-request"],
  ["an unknown function", "/v1/jobs", job({ function: "treble" }), 404, "not-found"],
  ["an unknown version", "/v1/jobs", job({ version: "deadbeef" }), 404, "not-found"],
  ["an unknown parameter", "/v1/jobs", job({ params: { factr: 1 } }), 422, "unknown-param"],
  ["a parameter of the wrong type", "/v1/jobs", job({ params: { factor: "2" } }), 422, "bad-param"],
  ["a parameter out of range", "/v1/jobs", job({ params: { factor: 0 } }), 422, "bad-param"],
  ["two inputs", "/v1/jobs", job({ dataset: "ds_1" }), 400, "bad-request"],
  ["no input", "/v1/jobs", post({ function: "double" }), 422, "wrong-input"],
  ["an input of the wrong type", "/v1/jobs", job({ input: 5 }), 422, "wrong-input"],
  ["an empty input", "/v1/jobs", job({ input: [] }), 422, "empty-dataset"],
  ["a range that is none", "/v1/jobs", job({ function: "pi", input: 0 }), 422, "wrong-input"],
  [
    "an unknown dataset",
    "/v1/jobs",
    post({ function: "count", dataset: "ds_1" }),
    404,
    "not-found",
  ],
  ["a missing constant", "/v1/jobs", job({ function: "predict" }), 422, "missing-use"],
  [
    "a constant of an unknown job",
    "/v1/jobs",
    job({ function: "predict", uses: { model: "job:job_1" } }),
    404,
    "not-found",
  ],
  ["a quorum", "/v1/jobs", job({ verify: "quorum" }), 422, "verify-unavailable"],
  ["an unknown job", "/v1/jobs/job_1", undefined, 404, "not-found"],
  ["events of an unknown job", "/v1/jobs/job_1/events", undefined, 404, "not-found"],
  ["a result of an unknown job", "/v1/jobs/job_1/result", undefined, 404, "not-found"],
  ["cancelling an unknown job", "/v1/jobs/job_1/cancel", post(""), 404, "not-found"],
  ["an unknown dataset's page", "/v1/datasets/ds_1", undefined, 404, "not-found"],
  ["deleting an unknown dataset", "/v1/datasets/ds_1", { method: "DELETE" }, 404, "not-found"],
  ["a dataset without a format", "/v1/datasets", post("a"), 400, "bad-request"],
  ["an unknown query field", "/v1/jobs?limt=1", undefined, 400, "bad-request"],
  ["a query field given twice", "/v1/jobs?limit=1&limit=2", undefined, 400, "bad-request"],
  ["a limit out of range", "/v1/jobs?limit=1000", undefined, 400, "bad-request"],
  ["an unknown route", "/v1/nothing", undefined, 404, "not-found"],
  ["a method that is not allowed", "/v1/runners", { method: "DELETE" }, 405, "method-not-allowed"],
  ["a blob by another name", "/v1/blobs/abc", undefined, 400, "bad-request"],
  [
    "an invoke without runners",
    "/v1/functions/double/invoke",
    post({ input: [1] }),
    503,
    "no-runner",
  ],
  [
    "an invoke with a stray field",
    "/v1/functions/double/invoke",
    post({ inputs: [1] }),
    400,
    "bad-request",
  ],
])("%s is refused", async (_, path, init, status, code) => {
  const body = await problem(path, init);
  expect([body.status, body.code]).toEqual([status, code]);
  expect(body.detail.length).toBeGreaterThan(10);
});

test("a malformed body is located", async () => {
  const body = await problem("/v1/jobs", post('{"function": "double",\n oops}'));
  expect(body.detail).toContain("line 2, column 2");
  expect(body.details?.line).toBe(2);
});

test("a refused parameter is named", async () => {
  const body = await problem("/v1/jobs", job({ params: { factr: 1 } }));
  expect(body.details).toEqual({ param: "factr", hint: 'Did you mean "factor"?' });
});

test("an oversized body is refused by its announced length, and when it comes in chunks", async () => {
  const big = "x".repeat(jsonBodyBytesMax + 1);
  expect(await problem("/v1/jobs", post(big))).toMatchObject({
    code: "body-too-large",
    status: 413,
    details: { limit: jsonBodyBytesMax },
  });
  const chunks = new ReadableStream({
    start(controller) {
      for (let i = 0; i < 9; i++) controller.enqueue(new Uint8Array(1024 * 1024));
      controller.close();
    },
  });
  const init = { method: "POST", body: chunks, duplex: "half" } as RequestInit;
  expect(await problem("/v1/jobs", init)).toMatchObject({ code: "body-too-large" });
});

test("a compressed JSON body is refused", async () => {
  const init = post("xx", { "content-encoding": "gzip" });
  expect(await problem("/v1/jobs", init)).toMatchObject({
    code: "unsupported-encoding",
    status: 415,
  });
});

test("a passing trouble says when to try again", async () => {
  const response = await api.ask("/v1/functions/double/invoke", post({ input: [1] }));
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
});

test("every /v1 route needs the key, but for what is public and how people come in; operations need none", async () => {
  const bare = (path: string, init?: RequestInit) => fetch(`${api.url}${path}`, init);
  const { paths } = (await (await bare("/openapi.json")).json()) as {
    paths: Record<string, Record<string, { security?: object[] }>>;
  };
  const comingIn = /^\/v1\/(auth\/(?!sessions)|device\/(code|token)$)/;
  const isOpen = (path: string) => !path.startsWith("/v1/") || comingIn.test(path);
  const forAnyone = /^get \/v1\/(functions|rates)(\/|$)/;
  for (const [path, methods] of Object.entries(paths))
    for (const [method, { security }] of Object.entries(methods)) {
      expect([path, security?.length === 0]).toEqual([path, isOpen(path)]);
      if (comingIn.test(path)) continue;
      const init = { method: method.toUpperCase() };
      const response = await bare(path.replaceAll(/\{\w+\}/g, "a".repeat(64)), init);
      if (forAnyone.test(`${method} ${path}`)) {
        expect([200, 404], path).toContain(response.status);
        continue;
      }
      expect([path, response.status]).toEqual([path, path.startsWith("/v1/") ? 401 : 200]);
      if (response.status === 401)
        expect(response.headers.get("www-authenticate")).toMatch(/^Bearer/);
    }
  expect((await bare("/v1/nothing")).status).toBe(401);
});

test("OPTIONS and HEAD answer without a body", async () => {
  const options = await api.ask("/v1/jobs", { method: "OPTIONS" });
  expect([options.status, options.headers.get("allow")]).toEqual([204, "POST, GET, HEAD, OPTIONS"]);
  const head = await api.ask("/v1/jobs", { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  const docs = await api.ask("/docs", { method: "HEAD" });
  expect(docs.headers.get("content-type")).toContain("text/html");
});

test("the OpenAPI document refers only to what it defines", async () => {
  const { body } = await api.json<{ components: { schemas: Record<string, unknown> } }>(
    "/openapi.json",
  );
  const text = JSON.stringify(body);
  const refs = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref));
  expect(refs.size).toBeGreaterThan(10);
  for (const ref of refs)
    expect(Object.keys(body.components.schemas)).toContain(
      ref!.replace("#/components/schemas/", ""),
    );
  for (const [name, schema] of Object.entries(body.components.schemas))
    expect(schema, name).not.toHaveProperty("$ref", `#/components/schemas/${name}`);
});

test("health, readiness and metrics", async () => {
  expect((await api.json("/healthz")).body).toMatchObject({ status: "ok" });
  expect((await api.json("/readyz")).body).toMatchObject({ store: "embedded", runners: 0 });
  const metrics = await (await api.ask("/metrics")).text();
  expect(metrics).toMatch(/sparegrid_http_requests_total\{operation="health",status="200"\} \d/);
});

test("a runner's socket without the key is refused as a problem", async () => {
  const { port } = new URL(api.url);
  const answer = await new Promise<string>((resolve, reject) => {
    let text = "";
    const socket = connect(Number(port), "127.0.0.1", () =>
      socket.write(
        "GET /v1/runner HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      ),
    );
    socket.on("data", (part) => {
      text += part;
    });
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
  });
  expect(answer).toMatch(/^HTTP\/1.1 401/);
  expect(answer).toContain('"code":"unauthorized"');
});
