import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type ServerType, serve } from "@hono/node-server";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { afterEach, expect, expectTypeOf, test } from "vitest";
import { lines, mapReduce } from "../functions/sdk/index.ts";
import { type Client, ConnectionError, createClient, GridError } from "./index.ts";

const servers: ServerType[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    (server as import("node:http").Server).closeAllConnections();
    server.close();
  }
});

/** Serves `app` on a free port (or the given one) and gives a client with quick retries. */
async function clientOf(app: Hono, port = 0): Promise<{ client: Client; port: number }> {
  const server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" });
  servers.push(server);
  if (!server.listening) await once(server, "listening");
  const at = (server.address() as AddressInfo).port;
  return { client: quickClient(at), port: at };
}

function quickClient(port: number): Client {
  const url = `http://127.0.0.1:${port}/`;
  return createClient({ url, key: "sgk_test", retry: { baseMs: 5 } });
}

function problem(
  status: number,
  code: string,
  more: object = {},
  headers: Record<string, string> = {},
) {
  const body = {
    type: "about:blank",
    title: "t",
    status,
    detail: "what went wrong",
    code,
    ...more,
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}

const invoked = { result: [1], jobId: "job_1", fuel: 7, ms: 0.5 };
const dataset = {
  id: "ds_1",
  name: "n",
  format: "lines",
  bytes: 3,
  records: 1,
  shards: 1,
  digest: "d",
  skipped: 0,
  createdAt: "2026-01-01T00:00:00.000Z",
};
const job = {
  id: "job_1",
  function: "f",
  version: "v",
  kind: "map",
  status: "succeeded",
  createdAt: "2026-01-01T00:00:00.000Z",
  stage: 0,
  entry: "map",
  round: 0,
  progress: { done: 1, total: 1 },
  tasksDone: 1,
  records: 1,
  metrics: {},
  fuel: 1,
  cost: 0,
  seed: 0,
  params: {},
};

test("a problem document becomes a GridError with its code, fault, status and details", async () => {
  const app = new Hono().post("/v1/functions", () =>
    problem(422, "syntax-error", {
      fault: "caller",
      details: { at: { file: "a.ts", line: 3, column: 7 }, hint: "close it" },
    }),
  );
  const { client } = await clientOf(app);
  const error = await client.functions.publish({ name: "f", source: "x" }).catch((e) => e);
  expect(error).toBeInstanceOf(GridError);
  expect(error).toMatchObject({ code: "syntax-error", fault: "caller", status: 422 });
  expect(error.details).toEqual({ at: { file: "a.ts", line: 3, column: 7 }, hint: "close it" });
});

test("an unknown code keeps its message and the nearest known code", async () => {
  const app = new Hono().get("/v1/jobs/:id", () =>
    problem(404, "from-the-future", { fault: "caller" }),
  );
  const { client } = await clientOf(app);
  await expect(client.jobs.get("job_1")).rejects.toMatchObject({
    code: "not-found",
    message: "what went wrong",
  });
});

test("something that is no Sparegrid API is told apart from an API's error", async () => {
  const app = new Hono()
    .get("/v1/jobs/:id", (c) => c.html("<h1>hello</h1>"))
    .get("/readyz", (c) => c.text("nope", 404));
  const { client } = await clientOf(app);
  await expect(client.jobs.get("job_1")).rejects.toThrow(ConnectionError);
  await expect(client.health()).rejects.toThrow(/answered 404/);
});

test("nobody listening is a ConnectionError that says where", async () => {
  const { port } = await clientOf(new Hono());
  servers.splice(0).forEach((server) => void server.close());
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
  const { client } = await clientOf(app);
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
  const { client } = await clientOf(app as unknown as Hono);
  await client.jobs.submit({ function: "f" });
  await client.jobs.submit({ function: "f" });
  expect(keys).toHaveLength(3);
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).not.toBe(keys[0]);
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
  const { client } = await clientOf(app);
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
  const { client } = await clientOf(app);
  await expect(client.jobs.get("busy")).rejects.toMatchObject({ code: "store-unavailable" });
  await expect(client.jobs.get("wrong")).rejects.toMatchObject({ code: "not-found" });
  expect(asked).toEqual({ busy: 4, wrong: 1 });
});

test("an abort ends a pause between attempts with the signal's reason", async () => {
  const app = new Hono().get("/v1/jobs/:id", () =>
    problem(503, "store-unavailable", { fault: "platform" }, { "retry-after": "5" }),
  );
  const { client } = await clientOf(app);
  const reason = new Error("enough");
  await expect(
    client.jobs.get("x", { signal: AbortSignal.any([abortAfter(50, reason)]) }),
  ).rejects.toBe(reason);
});

test("events resume after the last one seen, across a dead server, without loss or repetition", async () => {
  const asked: (string | undefined)[] = [];
  const progress = (n: number) =>
    JSON.stringify({
      type: "progress",
      stage: 0,
      entry: "map",
      round: 0,
      done: n,
      total: 4,
      records: n,
      fuel: 0,
      runners: 1,
    });
  const appOf = (from: number, to: number, ends: boolean) =>
    new Hono<{ Bindings: { incoming: import("node:http").IncomingMessage } }>().get(
      "/v1/jobs/:id/events",
      (c) => {
        asked.push(c.req.header("last-event-id"));
        return streamSSE(c, async (stream) => {
          for (let n = from; n <= to; n++)
            await stream.writeSSE({ id: String(n), event: "progress", data: progress(n) });
          await stream.writeSSE({ id: String(to + 1), event: "from-the-future", data: "{}" });
          if (ends) {
            const data = JSON.stringify({ type: "status", status: "succeeded" });
            await stream.writeSSE({ id: String(to + 1), event: "status", data });
          } else {
            await stream.sleep(20);
            c.env.incoming.socket.destroy(); // as a killed process would
          }
        });
      },
    ) as unknown as Hono;
  const { client, port } = await clientOf(appOf(1, 2, false));
  const seen: number[] = [];
  const reconnects: unknown[] = [];
  const done = (async () => {
    for await (const event of client.jobs.events("job_1", {
      onReconnect: (error) => {
        reconnects.push(error);
        if (reconnects.length > 1) return;
        servers.splice(0).forEach((server) => void server.close());
        // Nothing listens for a while; then another process serves, which repeats what was seen.
        setTimeout(() => void clientOf(appOf(2, 4, true), port), 600);
      },
    }))
      seen.push(event.number);
  })();
  await done;
  expect(seen).toEqual([1, 2, 3, 4, 5]);
  expect(asked[0]).toBe("0");
  expect(asked.at(-1)).toBe("2");
  expect(reconnects.length).toBeGreaterThan(1);
});

test("an event stream whose job does not exist fails at once", async () => {
  const app = new Hono().get("/v1/jobs/:id/events", () =>
    problem(404, "not-found", { fault: "caller" }),
  );
  const { client } = await clientOf(app);
  await expect(client.jobs.wait("job_0")).rejects.toMatchObject({ code: "not-found" });
});

test("an API that stays away ends the events after the given time", async () => {
  const { port } = await clientOf(new Hono());
  servers.splice(0).forEach((server) => void server.close());
  const startedAtMs = performance.now();
  await expect(
    quickClient(port).jobs.wait("job_1", { unreachableMsMax: 700 }),
  ).rejects.toBeInstanceOf(ConnectionError);
  expect(performance.now() - startedAtMs).toBeLessThan(5_000);
});

test("an abort ends events that are quiet", async () => {
  const app = new Hono().get("/v1/jobs/:id/events", (c) =>
    streamSSE(c, async (stream) => void (await stream.sleep(5_000))),
  );
  const { client } = await clientOf(app);
  const reason = new Error("left");
  await expect(client.jobs.wait("job_1", { signal: abortAfter(100, reason) })).rejects.toBe(reason);
});

interface Upload {
  length: string | undefined;
  encoding: string | undefined;
  query: Record<string, string>;
  bytes: number;
  key: string | undefined;
}

function uploadApp(uploads: Upload[], failFirst = false): Hono {
  return new Hono().post("/v1/datasets", async (c) => {
    const { byteLength } = await c.req.arrayBuffer();
    uploads.push({
      length: c.req.header("content-length"),
      encoding: c.req.header("content-encoding"),
      query: c.req.query(),
      bytes: byteLength,
      key: c.req.header("idempotency-key"),
    });
    if (failFirst && uploads.length === 1)
      return problem(503, "store-unavailable", { fault: "platform" });
    return c.json(dataset, 201);
  });
}

test("a file is streamed with its length, encoding and progress, and sent again after a failure", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sparegrid-client-"));
  const path = join(folder, "data.txt.gz");
  await writeFile(path, Buffer.alloc(1_000_000, "a\n"));
  const uploads: Upload[] = [];
  const { client } = await clientOf(uploadApp(uploads, true));
  const progress: number[] = [];
  try {
    const uploaded = await client.datasets.upload(path, {
      format: "lines",
      name: "data",
      contentEncoding: "gzip",
      onProgress: (sent, total) => {
        expect(total).toBe(1_000_000);
        progress.push(sent);
      },
    });
    expect(uploaded.id).toBe("ds_1");
  } finally {
    await rm(folder, { recursive: true });
  }
  expect(uploads).toHaveLength(2);
  expect(uploads[1]).toMatchObject({
    length: "1000000",
    encoding: "gzip",
    bytes: 1_000_000,
    query: { format: "lines", name: "data" },
    key: uploads[0]!.key,
  });
  expect(progress.at(-1)).toBe(1_000_000);
  expect(progress.length).toBeGreaterThan(4);
});

test("a stream of unknown length is sent once, without a length, and never repeated", async () => {
  const uploads: Upload[] = [];
  const { client } = await clientOf(uploadApp(uploads, true));
  const source = Readable.from([Buffer.from("a\n"), Buffer.from("b\n")]);
  await expect(client.datasets.upload(source, { format: "lines" })).rejects.toMatchObject({
    code: "store-unavailable",
  });
  expect(uploads).toMatchObject([{ length: undefined, bytes: 4 }]);
});

test("bytes and Blobs are sent whole", async () => {
  const uploads: Upload[] = [];
  const { client } = await clientOf(uploadApp(uploads));
  await client.datasets.upload(new Uint8Array(300_000), { format: "bytes", recordBytes: 100 });
  await client.datasets.upload(new Blob(["a\nb"]), { format: "lines" });
  expect(uploads.map(({ bytes, length }) => [bytes, length])).toEqual([
    [300_000, "300000"],
    [3, "3"],
  ]);
  expect(uploads[0]!.query).toEqual({ format: "bytes", recordBytes: "100" });
});

test("lists are read page by page, and only as far as they are consumed", async () => {
  const cursors: (string | undefined)[] = [];
  const app = new Hono().get("/v1/datasets", (c) => {
    const cursor = c.req.query("cursor");
    cursors.push(cursor);
    const next = cursor === undefined ? "p2" : cursor === "p2" ? "p3" : null;
    return c.json({ items: [dataset, dataset], next });
  });
  const { client } = await clientOf(app);
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
  const { client } = await clientOf(app);
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
  const { client } = await clientOf(app);
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
  const { client } = await clientOf(app);
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

function abortAfter(ms: number, reason: Error): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), ms).unref();
  return controller.signal;
}
