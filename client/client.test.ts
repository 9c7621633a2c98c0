import { setTimeout as sleep } from "node:timers/promises";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { afterEach, expect, expectTypeOf, test } from "vitest";
import { lines, mapReduce } from "../functions/sdk/index.ts";
import { ConnectionError, createClient, GridError } from "./index.ts";
import { abortAfter, dataset, invoked, job, problem, quickClient, TestServers } from "./testing.ts";

const servers = new TestServers();
afterEach(() => servers.stop());

test("a problem document becomes a GridError with its code, fault, status and details", async () => {
  const app = new Hono().post("/v1/functions", () =>
    problem(422, "syntax-error", {
      fault: "caller",
      details: { at: { file: "a.ts", line: 3, column: 7 }, hint: "close it" },
    }),
  );
  const { client } = await servers.serve(app);
  const error = await client.functions.publish({ name: "f", source: "x" }).catch((e) => e);
  expect(error).toBeInstanceOf(GridError);
  expect(error).toMatchObject({ code: "syntax-error", fault: "caller", status: 422 });
  expect(error.details).toEqual({ at: { file: "a.ts", line: 3, column: 7 }, hint: "close it" });
});

test("an unknown code keeps its message and the nearest known code", async () => {
  const app = new Hono().get("/v1/jobs/:id", () =>
    problem(404, "from-the-future", { fault: "caller" }),
  );
  const { client } = await servers.serve(app);
  await expect(client.jobs.get("job_1")).rejects.toMatchObject({
    code: "not-found",
    message: "what went wrong",
  });
});

test("something that is no Sparegrid API is told apart from an API's error", async () => {
  const app = new Hono()
    .get("/v1/jobs/:id", (c) => c.html("<h1>hello</h1>"))
    .get("/readyz", (c) => c.text("nope", 404));
  const { client } = await servers.serve(app);
  await expect(client.jobs.get("job_1")).rejects.toThrow(ConnectionError);
  await expect(client.health()).rejects.toThrow(/answered 404/);
});

test("nobody listening is a ConnectionError that says where", async () => {
  const { port } = await servers.serve(new Hono());
  servers.stop();
  await expect(quickClient(port).runners()).rejects.toMatchObject({
    name: "ConnectionError",
    message: `nothing answers at http://127.0.0.1:${port}`,
    hint: expect.stringContaining("npm start"),
  });
});

test("a write that met 503 is repeated under the same Idempotency-Key", async () => {
  const keys: (string | undefined)[] = [];
  const app = new Hono().post("/v1/jobs", (c) => {
    keys.push(c.req.header("idempotency-key"));
    return keys.length < 3
      ? problem(503, "shutting-down", { fault: "platform" })
      : c.json(job, 202);
  });
  const { client } = await servers.serve(app);
  await client.jobs.submit({ function: "f" });
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
});

test("a connection lost before the answer is repeated, and two calls have two keys", async () => {
  const keys: (string | undefined)[] = [];
  const app = new Hono<{ Bindings: { incoming: import("node:http").IncomingMessage } }>().post(
    "/v1/jobs",
    (c) => {
      keys.push(c.req.header("idempotency-key"));
      if (keys.length === 1) c.env.incoming.socket.destroy();
      return c.json(job, 202);
    },
  );
  const { client } = await servers.serve(app as unknown as Hono);
  await client.jobs.submit({ function: "f" });
  await client.jobs.submit({ function: "f" });
  expect(keys).toHaveLength(3);
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).not.toBe(keys[0]);
});

test("a server that has answered before is awaited through a restart, an unknown one is not", async () => {
  const app = new Hono().get("/v1/jobs/x", (c) => c.json(job));
  const { port } = await servers.serve(app);
  const client = createClient({
    url: `http://127.0.0.1:${port}`,
    retry: { attemptsMax: 2, baseMs: 5, outageMsMax: 5_000 },
  });
  await client.jobs.get("x");
  servers.stop();
  const asking = client.jobs.get("x");
  await sleep(300); // far longer than two attempts take
  await expect(quickClient(port).jobs.get("x")).rejects.toMatchObject({ name: "ConnectionError" });
  await servers.serve(app, port);
  await expect(asking).resolves.toMatchObject({ id: "job_1" });
});

test("a result whose connection breaks is read on from there, byte for byte", async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `{"i":${i}}\n`);
  const whole = lines.join("");
  let asked = 0;
  const app = new Hono<{ Bindings: { incoming: import("node:http").IncomingMessage } }>().get(
    "/v1/jobs/:id/result",
    (c) => {
      asked++;
      if (c.req.param("id") === "x" && asked > 2) return c.body(whole);
      const cut = new ReadableStream<string>({
        async start(controller) {
          controller.enqueue(whole.slice(0, 50_001 * asked));
          await sleep(20); // let it arrive
          c.env.incoming.socket.destroy();
        },
      }).pipeThrough(new TextEncoderStream());
      return c.body(cut);
    },
  );
  const { client } = await servers.serve(app as unknown as Hono);
  expect(await (await client.jobs.result("x")).text()).toBe(whole);
  expect(asked).toBe(3);
  asked = 0;
  const hopeless = client.jobs.result("never").then((result) => result.text());
  await expect(hopeless).rejects.toMatchObject({ name: "ConnectionError" });
});

test("an outage is bounded", async () => {
  const app = new Hono().get("/v1/jobs/x", (c) => c.json(job));
  const { port } = await servers.serve(app);
  const client = createClient({
    url: `http://127.0.0.1:${port}`,
    retry: { baseMs: 5, outageMsMax: 100 },
  });
  await client.jobs.get("x");
  servers.stop();
  await expect(client.jobs.get("x")).rejects.toMatchObject({ name: "ConnectionError" });
});

test("Retry-After is heeded, and an unreasonable one gives the error at once", async () => {
  let asked = 0;
  const app = new Hono()
    .get("/v1/jobs/soon", (c) =>
      asked++ === 0
        ? problem(429, "too-many-requests", { fault: "caller" }, { "retry-after": "1" })
        : c.json(job),
    )
    .get("/v1/jobs/late", () =>
      problem(429, "too-many-requests", { fault: "caller" }, { "retry-after": "3600" }),
    );
  const { client } = await servers.serve(app);
  const startedAtMs = performance.now();
  await client.jobs.get("soon");
  expect(performance.now() - startedAtMs).toBeGreaterThan(990);
  await expect(client.jobs.get("late")).rejects.toMatchObject({ code: "too-many-requests" });
});

test("attempts are bounded, and errors of the caller are never repeated", async () => {
  const asked = { busy: 0, wrong: 0 };
  const app = new Hono()
    .get("/v1/jobs/busy", () => {
      asked.busy++;
      return problem(503, "store-unavailable", { fault: "platform" });
    })
    .get("/v1/jobs/wrong", () => {
      asked.wrong++;
      return problem(404, "not-found", { fault: "caller" });
    });
  const { client } = await servers.serve(app);
  await expect(client.jobs.get("busy")).rejects.toMatchObject({ code: "store-unavailable" });
  await expect(client.jobs.get("wrong")).rejects.toMatchObject({ code: "not-found" });
  expect(asked).toEqual({ busy: 4, wrong: 1 });
});

test("an abort ends a pause between attempts with the signal's reason", async () => {
  const app = new Hono().get("/v1/jobs/:id", () =>
    problem(503, "store-unavailable", { fault: "platform" }, { "retry-after": "5" }),
  );
  const { client } = await servers.serve(app);
  const reason = new Error("enough");
  await expect(
    client.jobs.get("x", { signal: AbortSignal.any([abortAfter(50, reason)]) }),
  ).rejects.toBe(reason);
});

test("lists are read page by page, and only as far as they are consumed", async () => {
  const cursors: (string | undefined)[] = [];
  const app = new Hono().get("/v1/datasets", (c) => {
    const cursor = c.req.query("cursor");
    cursors.push(cursor);
    const next = cursor === undefined ? "p2" : cursor === "p2" ? "p3" : null;
    return c.json({ items: [dataset, dataset], next });
  });
  const { client } = await servers.serve(app);
  let seen = 0;
  for await (const _ of client.datasets.list()) if (++seen === 3) break;
  expect(cursors).toEqual([undefined, "p2"]);
  for await (const _ of client.datasets.list()) seen++;
  expect(seen).toBe(9);
});

test("results are read as lines, as a value, or as bytes, by their type", async () => {
  const results: Record<string, [string, string]> = {
    lines: ["application/x-ndjson", '{"key":"ä","value":1}\n{"key":"b","value":2}\n'],
    value: ["application/json", '{"loss":0.5}'],
    bytes: ["image/png", "PNG"],
  };
  const app = new Hono().get("/v1/jobs/:id/result", (c) => {
    const [type, body] = results[c.req.param("id")]!;
    return c.body(body, 200, { "content-type": type });
  });
  const { client } = await servers.serve(app);
  const value = async (id: string) => (await client.jobs.result(id)).value();
  expect(await value("lines")).toEqual([
    { key: "ä", value: 1 },
    { key: "b", value: 2 },
  ]);
  expect(await value("value")).toEqual({ loss: 0.5 });
  expect(await value("bytes")).toEqual(new Uint8Array(Buffer.from("PNG")));
});

test("invoke sends input and settings, and follows work that became a job", async () => {
  const bodies: unknown[] = [];
  const prefer: (string | undefined)[] = [];
  const app = new Hono()
    .post("/v1/functions/:name/invoke", async (c) => {
      bodies.push(await c.req.json());
      prefer.push(c.req.header("prefer"));
      return bodies.length === 1 ? c.json(invoked) : c.json({ jobId: "job_1" }, 202);
    })
    .get("/v1/jobs/:id/events", (c) =>
      streamSSE(c, (stream) =>
        stream.writeSSE({ id: "1", event: "status", data: '{"status":"succeeded"}' }),
      ),
    )
    .get("/v1/jobs/:id", (c) => c.json(job))
    .get("/v1/jobs/:id/result", (c) =>
      c.body("2\n3\n", 200, { "content-type": "application/x-ndjson" }),
    );
  const { client } = await servers.serve(app);
  const quick = await client.invoke("f", ["x"], { params: { k: 1 }, waitSeconds: 2 });
  expect(quick).toEqual(invoked);
  const slow = await client.invoke("f", ["x"]);
  expect(slow).toEqual({ result: [2, 3], jobId: "job_1", fuel: 1, ms: undefined });
  expect(bodies).toEqual([{ input: ["x"], params: { k: 1 } }, { input: ["x"] }]);
  expect(prefer).toEqual(["wait=2", undefined]);
});

test("run throws the job's own error", async () => {
  const error = { code: "function-threw", message: "boom", details: { record: 3 } };
  const app = new Hono()
    .post("/v1/jobs", (c) => c.json({ ...job, status: "queued" }, 202))
    .get("/v1/jobs/:id/events", (c) =>
      streamSSE(c, (stream) =>
        stream.writeSSE({
          id: "1",
          event: "status",
          data: JSON.stringify({ status: "failed", error }),
        }),
      ),
    )
    .get("/v1/jobs/:id", (c) => c.json({ ...job, status: "failed", error }));
  const { client } = await servers.serve(app);
  await expect(client.run("f", { dataset: "ds_1" })).rejects.toMatchObject({
    code: "function-threw",
    fault: "function",
    details: { record: 3 },
  });
});

test("input, params and result take their types from the function's definition", () => {
  const wordCount = mapReduce({
    title: "Word count",
    input: lines(),
    params: { minimum: 1 },
    map(line, emit) {
      emit(line, 1);
    },
    reduce: (_word, counts) => counts.length,
    combine: true,
  });
  const client = createClient({ url: "http://127.0.0.1:1" });
  const call = () =>
    client.invoke<typeof wordCount>("word-count", ["a"], { params: { minimum: 2 } });
  expectTypeOf(call)
    .returns.resolves.toHaveProperty("result")
    .toEqualTypeOf<{ key: string; value: number }[]>();
  // @ts-expect-error a number is no text
  const wrong = () => client.invoke<typeof wordCount>("word-count", 7);
  expect([call, wrong]).toHaveLength(2);
});
